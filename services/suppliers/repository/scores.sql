-- name: create_cases!
-- Make the case keys that are not known yet.
INSERT INTO risk_case (supplier_id, category_id)
SELECT supplier_id, category_id FROM jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb)
ORDER BY supplier_id, category_id
ON CONFLICT DO NOTHING;

-- name: lock_cases
-- Lock cases in the order of their keys: a score is never computed from half the facts.
SELECT c.supplier_id, c.category_id FROM risk_case AS c
JOIN jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb) AS k USING (supplier_id, category_id)
ORDER BY c.supplier_id, c.category_id
FOR NO KEY UPDATE OF c;

-- name: save_judgements!
-- Keep the newest completed assessment of each case; a resync repeats the same version. Of two suppliers that were
-- merged the one that was completed last: version 0, that of an absorbed one, cannot be compared.
INSERT INTO judgement AS j (supplier_id, category_id, version, assessment_id, year, state, stage, claimed, judged,
    critical, severe_reported, recommendation, completed_at, valid_until)
SELECT supplier_id, category_id, version, assessment_id, year, state, stage, claimed, judged,
    critical, severe_reported, recommendation, completed_at, valid_until
FROM jsonb_populate_recordset(NULL::judgement, (:rows)::jsonb)
ORDER BY supplier_id, category_id
ON CONFLICT (supplier_id, category_id) DO UPDATE
SET version = excluded.version, assessment_id = excluded.assessment_id, year = excluded.year,
    state = excluded.state, stage = excluded.stage, claimed = excluded.claimed, judged = excluded.judged,
    critical = excluded.critical, severe_reported = excluded.severe_reported,
    recommendation = excluded.recommendation, completed_at = excluded.completed_at, valid_until = excluded.valid_until
WHERE CASE WHEN 0 IN (j.version, excluded.version) THEN j.completed_at <= excluded.completed_at
           ELSE j.version <= excluded.version END;

-- name: save_findings!
-- Keep what each audit found in each case; a resync repeats the same version.
INSERT INTO finding AS f (supplier_id, category_id, audit_id, version, audited, reported_at, valid_until)
SELECT supplier_id, category_id, audit_id, version, audited, reported_at, valid_until
FROM jsonb_populate_recordset(NULL::finding, (:rows)::jsonb)
ORDER BY supplier_id, category_id, audit_id
ON CONFLICT (supplier_id, category_id, audit_id) DO UPDATE
SET version = excluded.version, audited = excluded.audited, reported_at = excluded.reported_at, valid_until = excluded.valid_until
WHERE f.version <= excluded.version;

-- name: hold_deviations
-- Which cases the named deviations are in; they stay there until the transaction ends. Asked before cases are locked.
SELECT deviation_id, supplier_id, category_id FROM deviation
WHERE deviation_id = ANY((:deviation_ids)::uuid[]) ORDER BY deviation_id
FOR NO KEY UPDATE;

-- name: save_deviations!
-- Keep the newest state of each deviation.
INSERT INTO deviation AS d (deviation_id, version, supplier_id, category_id, areas, severe, open, overdue)
SELECT deviation_id, version, supplier_id, category_id, areas, severe, open, overdue
FROM jsonb_populate_recordset(NULL::deviation, (:rows)::jsonb)
ORDER BY deviation_id
ON CONFLICT (deviation_id) DO UPDATE
SET version = excluded.version, supplier_id = excluded.supplier_id, category_id = excluded.category_id, areas = excluded.areas,
    severe = excluded.severe, open = excluded.open, overdue = excluded.overdue
WHERE d.version <= excluded.version;

-- name: cases_to_score
-- What the named cases' scores follow from, beside country values and their categories' analyses, and what they are now;
-- stubs (no contract) are left out. `sites`: the distinct tier:country pairs of the tiers that
-- rule sets may count, `known`: what is known of the case alone.
SELECT c.supplier_id, c.category_id, c.score, c.band, last.stage, last.critical_open, last.severe_open, last.claim_gap,
       last.not_cooperating, last.recommendation, last.site_known, k.contract_ends_on,
       (SELECT string_agg(DISTINCT s.tier || ':' || s.country, ',') FROM site AS s
        WHERE s.supplier_id = c.supplier_id AND s.tier <= 1 AND c.category_id = ANY(s.category_ids)) AS sites,
       n.known::text AS known
FROM jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb) AS named
JOIN risk_case AS c USING (supplier_id, category_id)
CROSS JOIN LATERAL (
    SELECT CASE WHEN bool_and(ends_on IS NOT NULL) THEN max(ends_on) END AS contract_ends_on
    FROM contract AS k WHERE (k.supplier_id, k.category_id) = (c.supplier_id, c.category_id)
    HAVING count(*) > 0
) AS k
JOIN known_case AS n ON (n.supplier_id, n.category_id) = (c.supplier_id, c.category_id)
LEFT JOIN risk_result AS last ON last.result_id = c.result_id
ORDER BY c.supplier_id, c.category_id;

-- name: owners_of_cases
-- Whose the named cases are: the regions that have a contract in them, and their category's area.
SELECT k.supplier_id, k.category_id, category.effective_area AS responsible_area,
       (SELECT coalesce(array_agg(DISTINCT region ORDER BY region), '{}') FROM contract AS c, unnest(c.regions) AS region
        WHERE (c.supplier_id, c.category_id) = (k.supplier_id, k.category_id)) AS regions
FROM jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb) AS k
LEFT JOIN category USING (category_id);

-- name: save_exposures!
-- Where and what goods are that scores follow from, each once.
INSERT INTO risk_exposure (exposure_id, facts)
SELECT exposure_id, facts FROM json_populate_recordset(NULL::risk_exposure, (:rows)::json)
ORDER BY exposure_id
ON CONFLICT DO NOTHING;

-- name: save_known!
-- What is known of cases alone that scores follow from, each once.
INSERT INTO risk_known (known_id, facts)
SELECT known_id, facts FROM json_populate_recordset(NULL::risk_known, (:rows)::json)
ORDER BY known_id
ON CONFLICT DO NOTHING;

-- name: save_results!
-- What scores consist of, each once.
INSERT INTO risk_result (result_id, rule_set, score, band, stage, areas, work, no_data_areas, claim_gap, critical_open,
    severe_open, not_cooperating, recommendation, assessed_at, site_known, exposure_id, known_id)
SELECT result_id, rule_set, score, band, stage, areas, work, no_data_areas, claim_gap, critical_open,
    severe_open, not_cooperating, recommendation, assessed_at, site_known, exposure_id, known_id
FROM json_populate_recordset(NULL::risk_result, (:rows)::json)
ORDER BY result_id
ON CONFLICT DO NOTHING;

-- name: save_scores!
-- Append to the history, and point each case at its newest score.
WITH added AS (
    INSERT INTO scored_case (supplier_id, category_id, score_id, as_of, result_id, previous_score, previous_band,
        contract_ends_on, causes)
    SELECT r.supplier_id, r.category_id, r.score_id, (:as_of)::timestamptz, r.result_id, c.score, c.band,
        r.contract_ends_on, r.causes
    FROM jsonb_to_recordset((:rows)::jsonb) AS r (
        supplier_id uuid, category_id text, score_id uuid, result_id uuid, contract_ends_on date, causes uuid[])
    JOIN risk_case AS c USING (supplier_id, category_id)
    RETURNING supplier_id, category_id, score_id, result_id, contract_ends_on
)
UPDATE risk_case AS c
SET score_id = added.score_id, result_id = added.result_id, score = r.score, band = r.band,
    contract_ends_on = added.contract_ends_on
FROM added JOIN risk_result AS r USING (result_id)
WHERE (c.supplier_id, c.category_id) = (added.supplier_id, added.category_id);

-- name: current_scores
-- The present score of each of a supplier's cases; a region's or an area's own only, where one is named. `cells`: who reads it
-- works them out of the rest.
SELECT s.*, NULL AS cells FROM cases_within(:region, :area) AS c
JOIN risk_score AS s USING (supplier_id, category_id, score_id)
WHERE c.supplier_id = :supplier_id
ORDER BY c.category_id;

-- name: scores_after
-- Present scores in the order of their cases, from after one on: what a resync tells.
SELECT s.* FROM risk_case AS c
JOIN risk_score AS s USING (supplier_id, category_id, score_id)
WHERE (:supplier_id)::uuid IS NULL OR (c.supplier_id, c.category_id) > ((:supplier_id)::uuid, (:category_id)::text)
ORDER BY c.supplier_id, c.category_id
LIMIT :limit;

-- name: scored_otherwise
-- Those of the named cases whose present score does not take in what is known of them: also that it is nothing any more.
SELECT n.supplier_id, n.category_id FROM known_case AS n
JOIN jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb) AS named USING (supplier_id, category_id)
JOIN risk_case AS c USING (supplier_id, category_id)
LEFT JOIN risk_result AS r ON r.result_id = c.result_id
LEFT JOIN risk_known AS k USING (known_id)
WHERE (n.known IS NOT NULL OR c.result_id IS NOT NULL) AND n.known IS DISTINCT FROM k.facts::jsonb;

-- name: score_history
-- A supplier's scores, of all or of one category; a region's or an area's own cases only, where one is named. `cells`: likewise.
SELECT s.*, NULL AS cells FROM risk_score AS s
WHERE s.supplier_id = :supplier_id
  AND ((:category_id)::text IS NULL OR s.category_id = :category_id)
  AND EXISTS (SELECT FROM cases_within(:region, :area) AS c
              WHERE (c.supplier_id, c.category_id) = (s.supplier_id, s.category_id));
