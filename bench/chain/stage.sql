-- name: backend$
-- The process that answers here.
SELECT pg_backend_pid();

-- name: checkpoint#
-- Each round begins with nothing to be written from the one before.
CHECKPOINT;

-- name: empty_assessments#
-- As at the start.
TRUNCATE assessment, inbox, outbox, subject_version;

-- name: empty_suppliers#
-- As at the start.
TRUNCATE score, score_history, inbox, outbox, subject_version;

-- name: empty_audits#
-- As at the start.
TRUNCATE audit, inbox, outbox, subject_version;

-- name: empty_notifications#
-- As at the start.
TRUNCATE notice, inbox, outbox, subject_version;

-- name: add_scores!
-- The cases, each with a score.
INSERT INTO score (supplier_id, category_id, value)
SELECT supplier_id, category_id, 0 FROM jsonb_populate_recordset(NULL::score, (:keys)::jsonb);

-- name: notices$
-- How many chains are through.
SELECT count(*) FROM notice;

-- name: scored
-- Each case's score, and every one that it has had.
SELECT supplier_id, s.value, array_agg(h.value) AS history FROM score AS s
LEFT JOIN score_history AS h USING (supplier_id, category_id)
GROUP BY supplier_id, category_id, s.value;

-- name: audited
-- Whose audits there are, and how often.
SELECT supplier_id, count(*) AS times FROM audit GROUP BY supplier_id;

-- name: noticed
-- Whose notices there are, and how often.
SELECT supplier_id, count(*) AS times FROM notice GROUP BY supplier_id;
