-- name: backend$
-- The process that answers here.
SELECT pg_backend_pid();

-- name: add_scores!
-- The cases of the trivial business, each with a score; their keys are those of `feed.keys_of`.
INSERT INTO score (supplier_id, category_id, value)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'bench', 0
FROM generate_series(0, (:cases)::integer - 1) AS n;

-- name: plain_through$
-- How many chains are through.
SELECT count(*) FROM notice;

-- name: plain_scores
-- Each case's score, and every one that it has had.
SELECT supplier_id, s.value, array_agg(h.value) AS history FROM score AS s
JOIN score_history AS h USING (supplier_id, category_id)
GROUP BY supplier_id, category_id, s.value;

-- name: plain_audits
-- Whose audits there are, and how often.
SELECT supplier_id, count(*) AS times FROM audit GROUP BY supplier_id;

-- name: plain_notices
-- Whose notices there are, and how often.
SELECT supplier_id, count(*) AS times FROM notice GROUP BY supplier_id;

-- name: product_through$
-- How many chains are through: their notices are committed with them.
SELECT count(*) FROM occasion;

-- name: product_scores
-- Each case's score that takes in a self-assessment, and every such one that it has had.
SELECT c.supplier_id, c.score AS value, array_agg(s.score) AS history FROM risk_case AS c
JOIN risk_score AS s USING (supplier_id, category_id)
WHERE s.assessed_at IS NOT NULL
GROUP BY c.supplier_id, c.category_id, c.score;

-- name: product_audits
-- Whose audits there are, and how often.
SELECT supplier_id, count(*) AS times FROM audit WHERE state = 'confirmed' GROUP BY supplier_id;

-- name: product_notices
-- Whose occasions there are with a notice for each who must hear of them, and how often.
SELECT supplier_id, count(*) AS times FROM occasion AS o
WHERE settled AND (SELECT count(*) FROM notice AS n WHERE n.event_id = o.event_id) = :audience
GROUP BY supplier_id;

-- name: watch_assessments#
-- Keep the moment at which each self-assessment is committed.
CREATE TABLE seen (supplier_id uuid NOT NULL, at timestamptz NOT NULL);
CREATE FUNCTION note_seen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO seen VALUES ((NEW.data ->> 'supplier_id')::uuid, clock_timestamp());
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER seen AFTER INSERT ON assessment DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION note_seen();

-- name: watch_notices#
-- Keep the moment at which each notice is committed.
CREATE TABLE seen (supplier_id uuid NOT NULL, at timestamptz NOT NULL);
CREATE FUNCTION note_seen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO seen VALUES (NEW.supplier_id, clock_timestamp());
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER seen AFTER INSERT ON notice DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION note_seen();

-- name: seen
-- What was committed when.
SELECT supplier_id, at FROM seen;
