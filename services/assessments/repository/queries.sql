-- All SQL of assessments. An assessment is always read together with its supplier's name.

-- name: save_suppliers!
-- The projection of suppliers: the newest version wins, whatever the order of arrival; a resync repeats the same.
INSERT INTO supplier AS t (supplier_id, version, legal_name, contact_id, category_ids, regions)
SELECT supplier_id, version, legal_name, contact_id, category_ids, regions
FROM jsonb_populate_recordset(NULL::supplier, (:rows)::jsonb)
ORDER BY supplier_id
ON CONFLICT (supplier_id) DO UPDATE
SET version = excluded.version, legal_name = excluded.legal_name, contact_id = excluded.contact_id,
    category_ids = excluded.category_ids, regions = excluded.regions
WHERE t.version <= excluded.version;

-- name: save_categories!
-- The projection of categories, likewise.
INSERT INTO category AS t (category_id, version, responsible_area)
SELECT category_id, version, responsible_area FROM jsonb_populate_recordset(NULL::category, (:rows)::jsonb)
ORDER BY category_id
ON CONFLICT (category_id) DO UPDATE
SET version = excluded.version, responsible_area = excluded.responsible_area
WHERE t.version <= excluded.version;

-- name: owners_of_assessment^
-- Whose an assessment is: the regions with a contract in its case, and the area of its category.
SELECT coalesce(s.regions -> a.category_id, '[]') AS regions, c.responsible_area
FROM assessment AS a JOIN supplier AS s USING (supplier_id) LEFT JOIN category AS c USING (category_id)
WHERE a.assessment_id = :assessment_id;

-- name: lock_suppliers
-- Suppliers in order, held until the end: two campaigns cannot invite the same case at once.
SELECT supplier_id, contact_id, category_ids FROM supplier
WHERE supplier_id = ANY((:supplier_ids)::uuid[])
ORDER BY supplier_id
FOR NO KEY UPDATE;

-- name: assessed_cases
-- The suppliers' cases that have an assessment for the year.
SELECT supplier_id, category_id FROM assessment
WHERE supplier_id = ANY((:supplier_ids)::uuid[]) AND year = :year;

-- name: insert_campaign!
-- A campaign; its cases follow.
INSERT INTO campaign (campaign_id, name, year, answer_by, created_at)
VALUES (:campaign_id, :name, :year, :answer_by, :created_at);

-- name: campaign^
-- A campaign by id.
SELECT campaign_id, name, year, answer_by, created_at FROM campaign WHERE campaign_id = :campaign_id;

-- name: campaign_states
-- How many of a campaign's assessments are in each state.
SELECT state, count(*) AS assessments FROM assessment WHERE campaign_id = :campaign_id
GROUP BY state ORDER BY state;

-- name: insert_assessments!
-- New assessments, sorted by case.
INSERT INTO assessment (assessment_id, campaign_id, supplier_id, category_id, year, questionnaire, state, since,
                        deadline, invitation_id, generation, contact_id, answers, critical, severe_reported,
                        resolved_critical)
SELECT assessment_id, campaign_id, supplier_id, category_id, year, questionnaire, state, since,
       deadline, invitation_id, generation, contact_id, answers, critical, severe_reported, resolved_critical
FROM jsonb_populate_recordset(NULL::assessment, (:rows)::jsonb)
ORDER BY supplier_id, category_id;

-- name: assessment^
-- An assessment by id.
SELECT a.*, s.legal_name FROM assessment AS a JOIN supplier AS s USING (supplier_id)
WHERE a.assessment_id = :assessment_id;

-- name: lock_assessment^
-- An assessment by id, held until the end of the transaction.
SELECT a.*, s.legal_name FROM assessment AS a JOIN supplier AS s USING (supplier_id)
WHERE a.assessment_id = :assessment_id
FOR NO KEY UPDATE OF a;

-- name: owners_of_cases
-- Whose cases are, by supplier and category, likewise.
SELECT k.supplier_id, k.category_id, coalesce(s.regions -> k.category_id, '[]') AS regions, c.responsible_area
FROM jsonb_populate_recordset(NULL::assessment, (:keys)::jsonb) AS k
JOIN supplier AS s USING (supplier_id) LEFT JOIN category AS c USING (category_id);

-- name: assessments
-- Assessments that every filter lets through; a region's or an area's own only, where one is named.
SELECT a.*, s.legal_name FROM assessment AS a JOIN supplier AS s USING (supplier_id)
WHERE ((:campaign_id)::uuid IS NULL OR a.campaign_id = (:campaign_id)::uuid)
  AND ((:supplier_id)::uuid IS NULL OR a.supplier_id = (:supplier_id)::uuid)
  AND ((:state)::text IS NULL OR a.state = (:state)::text)
  AND ((:region)::text IS NULL OR s.regions -> a.category_id ? (:region)::text)
  AND ((:area)::text IS NULL OR EXISTS (
      SELECT FROM category AS c WHERE c.category_id = a.category_id AND c.responsible_area = (:area)::text));

-- name: completed_cases
-- The latest completed assessment of each case, in the order of the cases, from after one on: what a resync tells.
SELECT DISTINCT ON (a.supplier_id, a.category_id) a.*, s.legal_name
FROM assessment AS a JOIN supplier AS s USING (supplier_id)
WHERE a.completed_at IS NOT NULL
  AND ((:supplier_id)::uuid IS NULL OR (a.supplier_id, a.category_id) > ((:supplier_id)::uuid, (:category_id)::text))
ORDER BY a.supplier_id, a.category_id, a.completed_at DESC, a.assessment_id DESC
LIMIT :rows;

-- name: save_assessment!
-- What changes in an assessment after its invitation; the caller holds its lock.
UPDATE assessment AS a
SET state = r.state, since = r.since, answers = r.answers, submitted_at = r.submitted_at, claimed = r.claimed,
    completeness = r.completeness, critical = r.critical, severe_reported = r.severe_reported, judged = r.judged,
    resolved_critical = r.resolved_critical, recommendation = r.recommendation, completed_at = r.completed_at,
    valid_until = r.valid_until
FROM jsonb_populate_record(NULL::assessment, (:row)::jsonb) AS r
WHERE a.assessment_id = r.assessment_id;

-- name: invitation^
-- The assessment that an invitation opens, and the generation that its code is made of.
SELECT assessment_id, generation FROM assessment WHERE invitation_id = :invitation_id;

-- name: insert_session!
-- A respondent's session, by the hash of its token.
INSERT INTO session (token_hash, assessment_id, generation, expires_at)
VALUES (:token_hash, :assessment_id, :generation, :expires_at);

-- name: session_assessment_id$
-- The assessment that a living session opens; raising the invitation's generation ends it.
SELECT assessment_id FROM session JOIN assessment USING (assessment_id, generation)
WHERE token_hash = :token_hash AND expires_at > :now;

-- name: forget_sessions!
-- Remove some sessions that have expired and that no other replica is removing.
DELETE FROM session WHERE token_hash IN (
    SELECT token_hash FROM session WHERE expires_at <= :now LIMIT :rows FOR UPDATE SKIP LOCKED
);

-- name: state_counts
-- How many assessments there are in each state, and how many of them are past their last day to answer.
SELECT state, count(*) AS assessments, count(*) FILTER (WHERE deadline < (:today)::date) AS late
FROM assessment GROUP BY state ORDER BY state;
