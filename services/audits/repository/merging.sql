-- Suppliers that were merged. `merged` has a survivor a row, with all ids that mean it: suppliers' own list, whole.

-- name: hold_merged!
-- No other merge, and nobody who asks what an id means and then writes, until the end: before any other lock.
LOCK TABLE merged IN EXCLUSIVE MODE;

-- name: share_merged!
-- No merge until the end: before any other lock.
LOCK TABLE merged IN ROW SHARE MODE;

-- name: save_merged!
-- The newest list of each survivor wins, whatever the order of arrival.
INSERT INTO merged AS m (supplier_id, version, absorbed_ids)
SELECT supplier_id, version, absorbed_ids FROM jsonb_populate_recordset(NULL::merged, (:rows)::jsonb)
ORDER BY supplier_id
ON CONFLICT (supplier_id) DO UPDATE SET version = excluded.version, absorbed_ids = excluded.absorbed_ids
WHERE m.version <= excluded.version;

-- name: survivors
-- Which suppliers ids mean, where they mean others; a survivor that was absorbed itself is none.
SELECT a.id AS supplier_id, m.supplier_id AS survivor_id
FROM unnest((:supplier_ids)::uuid[]) AS a (id) JOIN merged AS m ON m.absorbed_ids @> ARRAY[a.id]
WHERE NOT EXISTS (SELECT FROM merged AS n WHERE n.absorbed_ids @> ARRAY[m.supplier_id]);

-- name: lock_moved
-- What moves, and where to, in order.
SELECT c.supplier_id FROM risk_case AS c
WHERE c.supplier_id IN (SELECT unnest(ARRAY[p.absorbed_id, p.survivor_id])
                        FROM jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid))
ORDER BY c.supplier_id, c.category_id FOR UPDATE;

-- name: lock_audits
-- Their audits, after the cases.
SELECT a.audit_id FROM audit AS a
JOIN jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid) ON p.absorbed_id = a.supplier_id
ORDER BY a.audit_id FOR UPDATE OF a;

-- name: keep_survivors!
-- A survivor that has not arrived is known as what was absorbed, until it does.
INSERT INTO supplier (supplier_id, version, regions)
SELECT DISTINCT ON (p.survivor_id) p.survivor_id, 0, s.regions
FROM jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid)
JOIN supplier AS s ON s.supplier_id = p.absorbed_id
ORDER BY p.survivor_id, s.supplier_id
ON CONFLICT DO NOTHING;

-- name: move_unchecked!
-- What was decided of a survivor's cases is to be looked at, and nothing of who is no more.
WITH pair AS MATERIALIZED (
    SELECT p.absorbed_id, p.survivor_id FROM jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid)
), gone AS (
    DELETE FROM unchecked AS u USING pair AS p WHERE u.supplier_id = p.absorbed_id
)
INSERT INTO unchecked (supplier_id) SELECT DISTINCT survivor_id FROM pair ORDER BY survivor_id ON CONFLICT DO NOTHING;

-- name: keep_cases!
-- A case that the survivor had not goes on from the absorbed one's risk and decision; version 1: its own are newer.
INSERT INTO risk_case (supplier_id, category_id, case_id, version, score, band, stage, critical_open, severe_open, claim_gap,
    not_cooperating, recommendation, site_known, contract_ends_on, as_of, assessed_at, decision_id)
SELECT DISTINCT ON (p.survivor_id, c.category_id) p.survivor_id, c.category_id, gen_random_uuid(), least(c.version, 1), c.score,
    c.band, c.stage, c.critical_open, c.severe_open, c.claim_gap, c.not_cooperating, c.recommendation, c.site_known,
    c.contract_ends_on, c.as_of, c.assessed_at, c.decision_id
FROM jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid)
JOIN risk_case AS c ON c.supplier_id = p.absorbed_id
ORDER BY p.survivor_id, c.category_id, c.as_of DESC NULLS LAST
ON CONFLICT (supplier_id, category_id) DO NOTHING;

-- name: move_decisions!
-- Decisions; `made_for` says of whom they were.
UPDATE decision AS d SET made_for = coalesce(d.made_for, d.supplier_id), supplier_id = p.survivor_id
FROM jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid)
WHERE d.supplier_id = p.absorbed_id;

-- name: move_audits
-- Audits, likewise. Two open ones of one case both stay.
UPDATE audit AS a SET made_for = coalesce(a.made_for, a.supplier_id), supplier_id = p.survivor_id
FROM jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid)
WHERE a.supplier_id = p.absorbed_id
RETURNING a.audit_id AS id, a.supplier_id, a.category_id;

-- name: delete_cases!
-- Cases that nothing is left of.
DELETE FROM risk_case AS c USING jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid)
WHERE c.supplier_id = p.absorbed_id;

-- name: delete_absorbed!
-- What was known of suppliers that are no more.
DELETE FROM supplier AS s USING jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid)
WHERE s.supplier_id = p.absorbed_id;
