-- The backbone's own SQL: outbox, inbox and failed events, the same in every service's database.

-- name: emit!
-- Count each subject on by the number of its new events, and keep these in the order of emission under the versions that
-- follow: within the present epoch (the bits above the lower 40); sorted, so that two writers cannot deadlock. `place`: which
-- of its subject's events it is, from 1 on. (As json, which is read once and not taken apart: half of what jsonb costs here.)
WITH given AS MATERIALIZED (
    SELECT * FROM ROWS FROM (
        json_to_recordset((:rows)::json) AS (type text, subject text, place bigint, headers text, body text)
    ) WITH ORDINALITY AS r (type, subject, place, headers, body, position)
), counted AS MATERIALIZED (
    SELECT subject, max(place) AS events FROM given GROUP BY subject
), raised AS (
    INSERT INTO subject_version AS v (subject, version)
    SELECT c.subject, (e.epoch << 40) + c.events FROM counted AS c CROSS JOIN epoch AS e ORDER BY c.subject
    ON CONFLICT (subject) DO UPDATE
    SET version = greatest(excluded.version, v.version + (excluded.version & ((1::bigint << 40) - 1)))
    RETURNING subject, version
)
INSERT INTO outbox (type, headers, body)
SELECT g.type, (left(g.headers, -1) || ',"cloudEvents_version":' || r.version - c.events + g.place || '}')::json, g.body
FROM given AS g JOIN counted AS c USING (subject) JOIN raised AS r USING (subject)
ORDER BY g.position;

-- name: raise_versions
-- Count each subject on by the number of its new events, within the present epoch (the bits above the lower 40);
-- sorted, so that two writers cannot deadlock.
INSERT INTO subject_version AS v (subject, version)
SELECT r.subject, (e.epoch << 40) + r.version
FROM jsonb_populate_recordset(NULL::subject_version, (:rows)::jsonb) AS r CROSS JOIN epoch AS e
ORDER BY r.subject
ON CONFLICT (subject) DO UPDATE
SET version = greatest(excluded.version, v.version + (excluded.version & ((1::bigint << 40) - 1)))
RETURNING subject, version;

-- name: present_versions
-- The versions that subjects have in the present epoch; 0: nothing was ever told of them.
SELECT s.subject, greatest(v.version, e.epoch << 40) AS version
FROM unnest((:subjects)::text[]) AS s (subject)
CROSS JOIN epoch AS e
LEFT JOIN subject_version AS v USING (subject);

-- name: count_outbox$
-- How many events wait to be published, counted to `most`.
SELECT count(*) FROM (SELECT FROM outbox LIMIT :most) AS waiting;

-- name: insert_outbox!
-- Keep the order of emission: the bigserial is drawn row by row.
INSERT INTO outbox (type, headers, body)
SELECT r.value ->> 'type', r.value -> 'headers', r.value ->> 'body'
FROM json_array_elements((:rows)::json) WITH ORDINALITY AS r (value, position)
ORDER BY r.position;

-- name: claim_outbox
-- Take the oldest due rows that no other relay holds; they are gone if the transaction commits. By an array of ids,
-- not by a join: with some ten thousand rows waiting the planner would hash the whole table for every batch.
WITH claimed AS MATERIALIZED (
    SELECT id FROM outbox WHERE next_at <= now() ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
)
DELETE FROM outbox WHERE id = ANY(ARRAY(SELECT id FROM claimed))
RETURNING id, type, headers::text, body, created_at;

-- name: put_back_outbox!
-- Rows that the broker returned or refused come back, later and in their old place.
INSERT INTO outbox (id, type, headers, body, created_at, next_at)
SELECT (r.value ->> 'id')::bigint, r.value ->> 'type', r.value -> 'headers', r.value ->> 'body',
       (r.value ->> 'created_at')::timestamptz, now() + make_interval(secs => :delay)
FROM json_array_elements((:rows)::json) AS r;

-- name: postpone_outbox!
-- Let others go first.
UPDATE outbox SET next_at = now() + make_interval(secs => :delay) WHERE id = ANY((:ids)::bigint[]);

-- name: backlog^
-- What is waiting in this service: unpublished events, and events that failed; ages in seconds. The lowest id of the
-- outbox is the oldest row: a row that is put back keeps both.
SELECT (SELECT count(*) FROM outbox) AS outbox_pending,
       coalesce((SELECT extract(epoch FROM now() - created_at) FROM outbox ORDER BY id LIMIT 1), 0)::float
           AS outbox_oldest_seconds,
       (SELECT count(*) FROM failed_event WHERE state = 'retry') AS retry,
       (SELECT count(*) FROM failed_event WHERE state = 'parked') AS parked,
       (SELECT count(*) FROM failed_event WHERE state = 'discarded') AS discarded,
       coalesce((SELECT extract(epoch FROM now() - min(failed_at)) FROM failed_event WHERE state = 'parked'), 0)::float
           AS parked_oldest_seconds;

-- name: queue_states
-- What this service knows of its queues: how many events it handled within the last `seconds`, the newest of them, and
-- how many failed. Both look-ups are by index.
SELECT q.queue,
       (SELECT count(*) FROM inbox AS i
        WHERE i.handled_at > now() - make_interval(secs => :seconds) AND i.queue = q.queue) AS handled,
       (SELECT i.event_id FROM inbox AS i WHERE i.queue = q.queue ORDER BY i.event_id DESC LIMIT 1) AS newest,
       (SELECT count(*) FROM failed_event AS f WHERE f.state = 'retry' AND f.queue = q.queue) AS retry,
       (SELECT count(*) FROM failed_event AS f WHERE f.state = 'parked' AND f.queue = q.queue) AS parked
FROM unnest((:queues)::text[]) AS q (queue);

-- name: only_pruner$
-- Whether no other replica prunes at this moment; held until the transaction ends.
SELECT pg_try_advisory_xact_lock(:key);

-- name: prune_inbox!
-- Forget the events that were handled longest ago. One that still stands among the failed ones is not forgotten:
-- it may be replayed at any time, and must not be handled twice then.
-- (By ctid, which is stable: rows of the inbox are never updated, and only one replica deletes.)
WITH old AS MATERIALIZED (
    SELECT i.ctid FROM inbox AS i
    WHERE handled_at < now() - make_interval(days => :days)
      AND NOT EXISTS (SELECT FROM failed_event AS f WHERE f.queue = i.queue AND f.event_key = i.event_id::text)
    ORDER BY handled_at LIMIT :limit
)
DELETE FROM inbox WHERE ctid = ANY(ARRAY(SELECT ctid FROM old));

-- name: append_trail!
-- Who wrote what, and that it changed, in one statement. Personal values come apart, by pointer, and are kept as hashes
-- with the thing's salt, which is made on first use (a writer who made it at the same time is waited for).
-- Salts one by one, not by a join: a plan that is kept from when there were few would read those of all things of the
-- kind at every write.
WITH given AS MATERIALIZED (
    SELECT * FROM ROWS FROM (
        jsonb_to_recordset((:rows)::jsonb) AS (
            id text, kind text, action text, "into" text, owners jsonb, before jsonb, after jsonb, personal jsonb)
    ) WITH ORDINALITY AS r (id, kind, action, merged_into, owners, before, after, personal, position)
), wanted AS (
    SELECT DISTINCT id FROM given WHERE personal IS NOT NULL
), known AS MATERIALIZED (
    SELECT w.id AS resource_id, s.salt FROM wanted AS w
    CROSS JOIN LATERAL (SELECT salt FROM trail_salt WHERE (resource, resource_id) = ((:resource)::text, w.id) LIMIT 1) AS s
), made AS (
    INSERT INTO trail_salt AS s (resource, resource_id)
    SELECT (:resource)::text, id FROM wanted WHERE id NOT IN (SELECT resource_id FROM known) ORDER BY id
    ON CONFLICT (resource, resource_id) DO UPDATE SET salt = s.salt
    RETURNING resource_id, salt
), salted AS (
    SELECT resource_id, salt FROM known UNION ALL SELECT resource_id, salt FROM made
), trailed AS (
    INSERT INTO audit_trail_unsealed (at, actor_subject, actor_client, actor_role, action, resource, resource_id,
        before, after, personal, correlation_id)
    SELECT (:at)::timestamptz, (:subject)::text, (:client)::text, (:role)::text,
           g.action, (:resource)::text, g.id, g.before, g.after,
           (SELECT jsonb_object_agg(p.key, encode(sha256(s.salt || convert_to(p.value, 'UTF8')), 'hex'))
            FROM jsonb_each_text(g.personal) AS p),
           (:correlation_id)::text
    FROM given AS g LEFT JOIN salted AS s ON s.resource_id = g.id
    ORDER BY g.position
)
INSERT INTO changes_unsealed (at, resource, id, kind, merged_into, owners)
SELECT (:at)::timestamptz, (:resource)::text, id, kind, merged_into, owners FROM given ORDER BY position;

-- name: trail_hash$
-- The hash that the trail has of a thing's personal value, null once its salt is deleted.
SELECT encode(sha256(salt || convert_to(:value, 'UTF8')), 'hex') FROM trail_salt
WHERE (resource, resource_id) = (:resource, :resource_id);

-- name: delete_salt!
-- Make it impossible to tell which values a thing's hashes are of, and append who did so; counts 0 where there is no salt.
WITH erased AS (
    DELETE FROM trail_salt WHERE (resource, resource_id) = (:resource, :resource_id) RETURNING resource, resource_id
)
INSERT INTO audit_trail_unsealed (at, actor_subject, actor_client, actor_role, action, resource, resource_id, correlation_id)
SELECT :at, :subject, :client, :role, 'erased', resource, resource_id, :correlation_id FROM erased;

-- name: note_changes!
-- What events changed.
INSERT INTO changes_unsealed (at, resource, id, kind, merged_into, owners)
SELECT (:at)::timestamptz, r.resource, r.id, r.kind, r.merged_into, r.owners
FROM ROWS FROM (
    jsonb_to_recordset((:rows)::jsonb) AS (resource text, id text, kind text, "into" text, owners jsonb)
) WITH ORDINALITY AS r (resource, id, kind, merged_into, owners, position)
ORDER BY r.position;

-- name: changes_since
-- What changed after seq `since`, of at most `span` rows (seq has no gaps), with how far the feed reaches, all as of one
-- moment; a single row of nulls where nothing is shown. `lost`: who asks has read what a restore has undone, or names a
-- place that was never given.
SELECT head.seq AS head, e.epoch,
       :since > head.seq OR :epoch > e.epoch
       OR EXISTS (SELECT FROM changes_epoch AS b WHERE b.epoch > :epoch AND b.seq < :since) AS lost,
       c.seq, c.resource, c.id, c.kind, c.merged_into, c.at
FROM seal AS head
CROSS JOIN epoch AS e
LEFT JOIN LATERAL (
    SELECT * FROM changes_sealed
    WHERE seq > :since AND seq <= :since + :span
      AND ((:resources)::text[] IS NULL OR resource = ANY((:resources)::text[]))
      AND ((:limits)::jsonb[] IS NULL OR (owners IS NULL AND resource <> ALL((:owned)::text[]))
           OR owners @> ANY((:limits)::jsonb[]))
    ORDER BY seq LIMIT :limit
) AS c ON true
WHERE head.feed = 'changes'
ORDER BY c.seq;

-- name: trail_since
-- The sealed trail after seq `since`, of one thing, one kind, one person, or all; with how far it reaches. A single row of
-- nulls where nothing is shown. `lost`: as of the changes.
SELECT head.seq AS head, e.epoch,
       :since > head.seq OR :epoch > e.epoch
       OR EXISTS (SELECT FROM changes_epoch AS b WHERE b.epoch > :epoch AND coalesce(b.trail_seq, 0) < :since) AS lost,
       t.seq, t.at, t.actor_subject, t.actor_client, t.actor_role, t.action, t.resource,
       t.resource_id, t.before, t.after, t.personal, t.correlation_id, encode(t.hash, 'hex') AS hash
FROM seal AS head
CROSS JOIN epoch AS e
LEFT JOIN LATERAL (
    SELECT * FROM audit_trail_sealed
    WHERE seq > :since
      AND ((:resource)::text IS NULL OR resource = :resource)
      AND ((:resource_id)::text IS NULL OR resource_id = :resource_id)
      AND ((:actor)::text IS NULL OR actor_subject = :actor)
    ORDER BY seq LIMIT :limit
) AS t ON true
WHERE head.feed = 'audit_trail'
ORDER BY t.seq;

-- name: may_seal$
-- Whether anything waits for its seq and no other replica seals at this moment; held until the transaction ends.
SELECT CASE WHEN EXISTS (SELECT FROM audit_trail_unsealed) OR EXISTS (SELECT FROM changes_unsealed)
       THEN pg_try_advisory_xact_lock(:key) ELSE false END;

-- name: sealed_up_to^
-- How far the trail is chained.
SELECT seq, hash FROM seal WHERE feed = 'audit_trail';

-- name: unsealed_records
-- Committed rows of the trail that wait for their seq, in the order in which they were written, each with the text that its
-- hash is made of: the same as in `sealed_records`. It stands here and not in a view, since the database is what is checked.
SELECT id, jsonb_build_array(
           id, (extract(epoch FROM at) * 1000000)::bigint, actor_subject, actor_client, actor_role,
           action, resource, resource_id, before::text, after::text, personal::text, correlation_id
       )::text AS record
FROM audit_trail_unsealed ORDER BY id LIMIT :limit;

-- name: stamp_trail!
-- Give rows their places in the chain, and note how far it goes now.
WITH head AS (
    UPDATE seal SET seq = :seq, hash = :hash WHERE feed = 'audit_trail'
)
UPDATE audit_trail AS t SET seq = s.seq, previous_hash = s.previous_hash, hash = s.hash
FROM unnest((:ids)::bigint[], (:seqs)::bigint[], (:previous)::bytea[], (:hashes)::bytea[])
     AS s (id, seq, previous_hash, hash)
WHERE t.seq IS NULL AND t.id = s.id;

-- name: begin_epoch_of_feeds!
-- Remember where a restore has set the feeds back to, before anything new gets a seq.
INSERT INTO changes_epoch (epoch, seq, trail_seq)
SELECT e.epoch, s.seq, t.seq FROM epoch AS e CROSS JOIN seal AS s CROSS JOIN seal AS t
WHERE s.feed = 'changes' AND t.feed = 'audit_trail'
ON CONFLICT (epoch) DO NOTHING;

-- name: stamp_changes!
-- Give committed changes their seq, in the order in which they were written; counts those.
WITH taken AS MATERIALIZED (
    SELECT entry, row_number() OVER (ORDER BY entry) AS place
    FROM (SELECT entry FROM changes_unsealed ORDER BY entry LIMIT :limit) AS oldest
), head AS (
    UPDATE seal SET seq = seq + (SELECT count(*) FROM taken) WHERE feed = 'changes'
    RETURNING seq - (SELECT count(*) FROM taken) AS seq
)
UPDATE changes AS c SET seq = head.seq + taken.place
FROM taken CROSS JOIN head
WHERE c.seq IS NULL AND c.entry = taken.entry;

-- name: seals
-- How far each feed is sealed, and what waits: rows, and the age of the oldest in seconds.
SELECT s.feed, s.seq, coalesce(w.waiting, 0) AS waiting, coalesce(w.seconds, 0)::float AS seconds
FROM seal AS s
LEFT JOIN (
    SELECT 'audit_trail' AS feed, count(*) AS waiting, extract(epoch FROM now() - min(at)) AS seconds
    FROM audit_trail_unsealed
    UNION ALL
    SELECT 'changes', count(*), extract(epoch FROM now() - min(at)) FROM changes_unsealed
) AS w USING (feed)
ORDER BY s.feed;

-- name: chain_ends^
-- Where the trail should end, where it does end, and how many rows are not chained yet; all as of one moment.
SELECT seq, hash, coalesce((SELECT max(seq) FROM audit_trail_sealed), 0) AS last,
       (SELECT count(*) FROM audit_trail_unsealed) AS unsealed
FROM seal WHERE feed = 'audit_trail';

-- name: sealed_records
-- The chain in order, from after one seq up to another; the same text as in `unsealed_records`.
SELECT seq, previous_hash, hash, jsonb_build_array(
           id, (extract(epoch FROM at) * 1000000)::bigint, actor_subject, actor_client, actor_role,
           action, resource, resource_id, before::text, after::text, personal::text, correlation_id
       )::text AS record
FROM audit_trail_sealed WHERE seq > :after AND seq <= :last ORDER BY seq LIMIT :limit;

-- name: trust_built_ins#
-- Names mean PostgreSQL's own functions and types first, whatever the database says of its roles.
SET search_path = pg_catalog, public;

-- name: replaced_tables
-- Which of the trail's tables are none: a view, a rule, a policy or a type of one's own could show what is not there.
SELECT wanted.name FROM unnest(ARRAY['audit_trail_sealed', 'audit_trail_unsealed', 'seal']) AS wanted (name)
LEFT JOIN pg_class AS c ON c.oid = to_regclass('public.' || wanted.name)
WHERE c.oid IS NULL OR c.relkind <> 'r' OR c.relhasrules OR c.relrowsecurity OR EXISTS (
    SELECT FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND t.typnamespace <> 'pg_catalog'::regnamespace
)
ORDER BY wanted.name;

-- name: remember_new_events!
-- Mark events as handled by this queue. Fails where one has been before.
INSERT INTO inbox (queue, event_id)
SELECT (:queue)::text, id FROM unnest((:ids)::uuid[]) AS id ORDER BY id;

-- name: remember_events$
-- The same, and returns those that had been before.
WITH fresh AS (
    INSERT INTO inbox (queue, event_id)
    SELECT (:queue)::text, id FROM unnest((:ids)::uuid[]) AS id ORDER BY id
    ON CONFLICT DO NOTHING
    RETURNING event_id
)
SELECT CASE WHEN (SELECT count(*) FROM fresh) < cardinality((:ids)::uuid[])
            THEN ARRAY(SELECT unnest((:ids)::uuid[]) EXCEPT SELECT event_id FROM fresh) ELSE '{}' END AS known;

-- name: record_failure!
-- Keep a failed message; one that comes and fails again keeps its place and its attempts. Writes nothing where another
-- message has the same key.
INSERT INTO failed_event AS f (queue, event_key, type, headers, body, state, attempts, next_at, reason, traceback)
VALUES (:queue, :event_key, :type, (:headers)::jsonb, :body, :state, :attempts, now() + make_interval(secs => :delay),
        :reason, :traceback)
ON CONFLICT (queue, event_key) DO UPDATE
SET state = CASE WHEN f.state = 'retry' THEN excluded.state ELSE f.state END,
    attempts = greatest(f.attempts, excluded.attempts), next_at = greatest(f.next_at, excluded.next_at),
    reason = excluded.reason, traceback = excluded.traceback, failed_at = now()
WHERE (f.headers, f.body) = (excluded.headers, excluded.body);

-- name: claim_due_failure^
-- The failed event whose time has come first, if no other replica works on it.
SELECT event_key, headers, body, attempts FROM failed_event
WHERE state = 'retry' AND next_at <= now() AND queue = :queue
ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: begin_attempt#
-- What a retry does can be undone while its row stays claimed. It waits for no lock for long: other retries stand behind.
SAVEPOINT attempt; SET LOCAL lock_timeout = '2s';

-- name: end_attempt#
-- Undo it.
ROLLBACK TO SAVEPOINT attempt;

-- name: fail_again!
-- A retry has failed.
UPDATE failed_event
SET state = :state, attempts = :attempts, next_at = now() + make_interval(secs => :delay),
    reason = :reason, traceback = :traceback, failed_at = now()
WHERE (queue, event_key) = (:queue, :event_key);

-- name: postpone_failure!
-- Let others go first; it was not the event's fault.
UPDATE failed_event SET next_at = now() + make_interval(secs => :delay)
WHERE (queue, event_key, state) = (:queue, :event_key, 'retry');

-- name: check_constraints!
-- Let what would fail at commit fail now.
SET CONSTRAINTS ALL IMMEDIATE;

-- name: forget_failure!
-- The event has been dealt with after all.
DELETE FROM failed_event WHERE queue = :queue AND event_key = :event_key;

-- name: forget_handled$
-- Events that have been handled have not failed any more, nor have other messages that came under their ids.
SELECT forget_handled(:queue, (:ids)::text[]);

-- name: list_failures
-- Failed events for people, oldest first; each filter is optional.
SELECT queue, event_key, type, state, attempts, next_at, failed_at, reason, discarded_by, discarded_at, discard_reason
FROM failed_event
WHERE state = ANY(:states)
  AND event_key = coalesce(:event_key, event_key) AND queue = coalesce(:queue, queue)
  AND ((:type)::text IS NULL OR type = :type)
  AND ((:reason_contains)::text IS NULL OR position(lower(:reason_contains) IN lower(reason)) > 0)
  AND ((:older_than)::float IS NULL OR failed_at < now() - make_interval(secs => :older_than))
ORDER BY failed_at, queue, event_key LIMIT :limit;

-- name: show_failure
-- One failed event, whole, on each queue where it has failed.
SELECT queue, event_key, type, headers, body, state, attempts, next_at, failed_at, reason, traceback,
       discarded_by, discarded_at, discard_reason
FROM failed_event WHERE event_key = :event_key AND queue = coalesce(:queue, queue) ORDER BY queue;

-- name: replay_failures$
-- Give events back to the retry worker: parked ones by filter, and a discarded one only by its own key.
WITH replayed AS (
    UPDATE failed_event SET state = 'retry', attempts = 0, next_at = now()
    WHERE (state = 'parked' OR state = 'discarded' AND event_key = :event_key)
      AND event_key = coalesce(:event_key, event_key) AND queue = coalesce(:queue, queue)
      AND ((:type)::text IS NULL OR type = :type)
      AND ((:reason_contains)::text IS NULL OR position(lower(:reason_contains) IN lower(reason)) > 0)
      AND ((:older_than)::float IS NULL OR failed_at < now() - make_interval(secs => :older_than))
    RETURNING 1
)
SELECT count(*) FROM replayed;

-- name: discard_failures$
-- Set parked events aside for good; they stay, with who decided it, when and why.
WITH discarded AS (
    UPDATE failed_event
    SET state = 'discarded', discarded_by = :by, discarded_at = now(), discard_reason = :why
    WHERE state = 'parked'
      AND event_key = coalesce(:event_key, event_key) AND queue = coalesce(:queue, queue)
      AND ((:type)::text IS NULL OR type = :type)
      AND ((:reason_contains)::text IS NULL OR position(lower(:reason_contains) IN lower(reason)) > 0)
      AND ((:older_than)::float IS NULL OR failed_at < now() - make_interval(secs => :older_than))
    RETURNING 1
)
SELECT count(*) FROM discarded;

-- name: database_state^
-- What a backup's manifest tells of a database.
SELECT current_setting('server_version') AS postgresql, (SELECT epoch FROM epoch) AS epoch,
       (SELECT array_agg(name ORDER BY applied_at, name) FROM schema_migration) AS migrations;

-- name: other_sessions$
-- How many others are connected to this database (of another role's sessions we may not know the kind).
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND coalesce(backend_type, 'client backend') = 'client backend'
  AND pid <> pg_backend_pid();

-- name: public_tables
-- The tables of the service, by name.
SELECT relname AS name FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname;

-- name: extensions
-- What PostgreSQL was extended by for this service, and in which schema: no part of a dump of the tables' schema.
SELECT extname AS name, extnamespace::regnamespace::text AS schema FROM pg_extension
WHERE extnamespace <> 'pg_catalog'::regnamespace ORDER BY extname;

-- name: has_epoch$
-- Whether there is an epoch: not in a database that is new.
SELECT to_regclass('public.epoch') IS NOT NULL;

-- name: present_epoch$
-- The epoch that versions count within.
SELECT epoch FROM public.epoch;

-- name: take_time!
-- An operator waits for the answer, no request does.
SET statement_timeout = 0;

-- name: tables_beside
-- The tables that are both in the present schema and in the one kept beside it, with their keys and shared columns.
SELECT now.relname AS name,
       (SELECT array_agg(a.attname::text ORDER BY array_position(i.indkey::int2[], a.attnum)) FROM pg_index AS i
        JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey::int2[])
        WHERE i.indrelid = now.oid AND i.indisprimary) AS key,
       (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute AS a
        JOIN pg_attribute AS b ON b.attrelid = beside.oid AND (b.attname, b.atttypid) = (a.attname, a.atttypid)
        WHERE a.attrelid = now.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
FROM pg_class AS now
JOIN pg_class AS beside ON beside.relname = now.relname AND beside.relkind = 'r'
JOIN pg_namespace AS n ON n.oid = beside.relnamespace AND n.nspname = :kept
WHERE now.relnamespace = 'public'::regnamespace AND now.relkind = 'r'
  AND EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = now.oid AND i.indisprimary)
ORDER BY now.relname;

-- name: kept_schemas
-- What restores have kept, newest first.
SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'before\_restore\_%%' ORDER BY nspname DESC;

-- name: all_versions
-- The last version that was given to each subject.
SELECT subject, version FROM subject_version;
