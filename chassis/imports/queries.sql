-- Imports: jobs, their files and reports, the same in every service's database.

-- name: insert_chunk!
-- Keep a piece of a file that is being uploaded.
INSERT INTO import_chunk (job_id, position, data) VALUES (:job_id, :position, :data);

-- name: chunk$
-- A piece of a file.
SELECT data FROM import_chunk WHERE job_id = :job_id AND position = :position;

-- name: delete_chunks!
-- Forget a file.
DELETE FROM import_chunk WHERE job_id = :job_id;

-- name: delete_abandoned!
-- Forget pieces of uploads that broke off: they never became a job.
DELETE FROM import_chunk AS c
WHERE c.stored_at < now() - make_interval(secs => :seconds)
  AND NOT EXISTS (SELECT FROM import_job AS j WHERE j.job_id = c.job_id);

-- name: insert_job!
-- A file is complete and waits for its turn.
INSERT INTO import_job (job_id, kind, media_type, charset, bytes, dry_run, imported, state, actor, owner,
    correlation_id, created_at)
VALUES (:job_id, :kind, :media_type, :charset, :bytes, :dry_run, :imported, 'waiting', (:actor)::jsonb, :owner,
    :correlation_id, :now);

-- name: any_unfinished$
-- Whether an import of anybody is not over.
SELECT EXISTS (SELECT FROM import_job WHERE state IN ('waiting', 'running'));

-- name: count_unfinished$
-- How many imports of an owner are not over.
SELECT count(*) FROM import_job WHERE owner = :owner AND state IN ('waiting', 'running');

-- name: job^
-- One job.
SELECT * FROM import_job WHERE job_id = :job_id;

-- name: kept_job^
-- One job, unless it has been over for too long: from then on its report is forgotten bit by bit.
SELECT * FROM import_job WHERE job_id = :job_id AND (finished_at IS NULL OR finished_at >= :kept_since);

-- name: jobs
-- The jobs that every filter lets through, unless over for too long; those of callers with a claim, where one is named.
SELECT job_id AS import_id, * FROM import_job
WHERE (finished_at IS NULL OR finished_at >= now() - make_interval(days => :kept_days))
  AND ((:kind)::text IS NULL OR kind = :kind)
  AND ((:state)::text IS NULL OR state = :state)
  AND ((:claims)::jsonb IS NULL OR actor -> 'claims' @> :claims);

-- name: take_job^
-- Begin the next turn: of an owner that has fewest jobs worked on, and of those had its last turn longest ago; its
-- oldest job. Who works on a job holds its advisory lock; who was told to a moment ago may not hold it yet.
WITH open AS (
    SELECT job_id, owner, created_at,
           coalesce(turn_at > now() - make_interval(secs => :pause), false) OR EXISTS (
               SELECT FROM pg_locks AS l
               WHERE l.locktype = 'advisory' AND l.classid = (:key)::oid AND l.objid = hashtext(job_id::text)::oid
                 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           ) AS taken
    FROM import_job WHERE state IN ('waiting', 'running')
), next AS (
    SELECT o.job_id FROM open AS o
    WHERE NOT o.taken AND NOT o.owner = ANY((:here)::text[])
    ORDER BY (SELECT count(*) FROM open AS t WHERE t.owner = o.owner AND t.taken),
             (SELECT max(e.turn_at) FROM import_job AS e WHERE e.owner = o.owner) NULLS FIRST,
             o.created_at, o.job_id
    LIMIT 1
)
UPDATE import_job AS j SET turn_at = now() FROM next
WHERE j.job_id = next.job_id
  -- another replica may have been faster
  AND coalesce(j.turn_at < now() - make_interval(secs => :pause), true)
RETURNING j.job_id, j.owner;

-- name: others_wait$
-- Whether a job of another owner has waited for some time without anybody working on it.
SELECT EXISTS (
    SELECT FROM import_job AS j
    WHERE j.state IN ('waiting', 'running') AND j.owner <> :owner
      AND j.created_at < now() - make_interval(secs => :patience)
      AND coalesce(j.turn_at < now() - make_interval(secs => :pause), true)
      AND NOT EXISTS (
          SELECT FROM pg_locks AS l
          WHERE l.locktype = 'advisory' AND l.classid = (:key)::oid AND l.objid = hashtext(j.job_id::text)::oid
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      )
);

-- name: hold_job$
-- Take a job for as long as this session lives; false: somebody else has it.
SELECT pg_try_advisory_lock(:key, hashtext((:job_id)::text));

-- name: begin_job!
-- Note that work begins, again perhaps; a job that only ever kills who works on it is given up.
UPDATE import_job
SET state = 'running', phase = 'reading', rows_read = 0, started_at = coalesce(started_at, :now), attempts = attempts + 1
WHERE job_id = :job_id AND state IN ('waiting', 'running');

-- name: note_read$
-- So many rows have been read; nothing if the job is not worked on any more.
UPDATE import_job SET rows_read = :rows WHERE job_id = :job_id AND state = 'running' RETURNING true;

-- name: begin_applying$
-- The file could be read to its end, and has so many rows; nothing if the job is not worked on any more.
UPDATE import_job SET phase = 'applying', rows_read = :rows, rows_total = :rows, notes = (:notes)::jsonb
WHERE job_id = :job_id AND state = 'running'
RETURNING true;

-- name: lock_job^
-- Hold a job while rows of it are applied.
SELECT state, last_row FROM import_job WHERE job_id = :job_id FOR UPDATE;

-- name: take_turn
-- One chunk of rows is applied at a time in a database: no two make the same thing.
SELECT pg_advisory_xact_lock(:key);

-- name: advance_job!
-- The rows up to `last_row` are dealt with.
UPDATE import_job
SET last_row = :last_row, attempts = 0,
    rows_accepted = rows_accepted + :accepted, rows_rejected = rows_rejected + :rejected
WHERE job_id = :job_id;

-- name: insert_rows!
-- What became of rows.
INSERT INTO import_row (job_id, row_number, state, item_id, faults)
SELECT job_id, row_number, state, item_id, faults
FROM jsonb_populate_recordset(NULL::import_row, (:rows)::jsonb);

-- name: finish_job!
-- The job is over.
UPDATE import_job SET state = :state, phase = NULL, reason = :reason, finished_at = :now
WHERE job_id = :job_id AND state IN ('waiting', 'running');

-- name: oldest_job$
-- The job that has been over for longest, if it is too old and no other replica forgets it at this moment.
SELECT job_id FROM import_job WHERE finished_at < :kept_since ORDER BY finished_at LIMIT 1 FOR UPDATE SKIP LOCKED;

-- name: forget_rows!
-- Forget a part of a job's report.
DELETE FROM import_row WHERE ctid = ANY(ARRAY(SELECT ctid FROM import_row WHERE job_id = :job_id LIMIT :limit));

-- name: forget_job!
-- Forget a job, with what is left of its report.
DELETE FROM import_job WHERE job_id = :job_id;

-- name: report_rows
-- What became of a job's rows: of all, or of those in one state.
SELECT row_number, state, item_id, faults FROM import_row
WHERE job_id = :job_id AND ((:state)::text IS NULL OR state = :state);

-- name: begin_part!
-- From here on it can be undone.
SAVEPOINT part;

-- name: undo_part!
-- Undo what was done since the part began: a dry run, or a row that cannot be stored.
ROLLBACK TO part;
