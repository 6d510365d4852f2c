-- What the HTTP seam keeps in every service's database.

-- name: hold_key$
-- Whether nobody else holds this client's key; held until the transaction ends.
SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 7305203));

-- name: stored_answer^
-- The answer that a client's key got.
SELECT fingerprint, status, headers, body FROM idempotency_key WHERE client = :client AND key = :key;

-- name: keep_answer!
-- Keep an answer under its client's key.
INSERT INTO idempotency_key (client, key, fingerprint, status, headers, body)
VALUES (:client, :key, :fingerprint, :status, (:headers)::jsonb, :body);

-- name: forget_keys!
-- Forget the oldest keys that are older than so many days.
DELETE FROM idempotency_key WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM idempotency_key WHERE made_at < now() - make_interval(days => :days)
    ORDER BY made_at LIMIT :limit FOR UPDATE SKIP LOCKED));
