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
-- What moves, in order.
SELECT assessment_id FROM assessment AS a
JOIN jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid) ON p.absorbed_id = a.supplier_id
ORDER BY assessment_id FOR UPDATE OF a;

-- name: keep_survivors!
-- A survivor that has not arrived is known as what was absorbed, until it does.
INSERT INTO supplier (supplier_id, version, legal_name, contact_id, category_ids, regions)
SELECT DISTINCT ON (p.survivor_id) p.survivor_id, 0, s.legal_name, s.contact_id, s.category_ids, s.regions
FROM jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid)
JOIN supplier AS s ON s.supplier_id = p.absorbed_id
ORDER BY p.survivor_id, s.supplier_id
ON CONFLICT DO NOTHING;

-- name: move_assessments
-- Assessments; `made_for` says of whom they were. Two of one case and year both stay.
UPDATE assessment AS a SET made_for = coalesce(a.made_for, a.supplier_id), supplier_id = p.survivor_id
FROM jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid)
WHERE a.supplier_id = p.absorbed_id
RETURNING a.assessment_id AS id, a.supplier_id, a.category_id;

-- name: delete_absorbed!
-- What was known of suppliers that are no more.
DELETE FROM supplier AS s USING jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid)
WHERE s.supplier_id = p.absorbed_id;
