-- What the HTTP seam keeps in every service's database.

-- name: hold_key!
-- Hold this client's key until the transaction ends, unless somebody else does; the next statement tells. Two statements,
-- so that the second one sees what the key's last holder has committed.
SELECT set_config('kedja.key_held', pg_try_advisory_xact_lock(hashtextextended(:name, 7305203))::text, true);

-- name: stored_answer^
-- Whether we hold the client's key, and the answer that it got (nulls: none yet).
SELECT current_setting('kedja.key_held')::boolean AS held, i.fingerprint, i.status, i.headers, i.body
FROM (SELECT) AS asked
LEFT JOIN LATERAL (SELECT * FROM idempotency_key WHERE client = :client AND key = :key LIMIT 1) AS i ON true;

-- name: keep_answer!
-- Keep an answer under its client's key.
INSERT INTO idempotency_key (client, key, fingerprint, status, headers, body)
VALUES (:client, :key, :fingerprint, :status, (:headers)::jsonb, :body);

-- name: forget_keys!
-- Forget the oldest keys that are older than so many days.
DELETE FROM idempotency_key WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM idempotency_key WHERE made_at < now() - make_interval(days => :days)
    ORDER BY made_at LIMIT :limit FOR UPDATE SKIP LOCKED));
