-- name: make_suppliers!
-- Suppliers that are not told of yet: whoever is told of one meanwhile waits here, or is waited for. `regions` null: not known.
INSERT INTO supplier (supplier_id, version) SELECT id, 0 FROM unnest((:supplier_ids)::uuid[]) AS id ORDER BY id
ON CONFLICT DO NOTHING;

-- name: share_suppliers
-- What is known of suppliers stays as it is until the transaction ends: taken before cases are locked.
SELECT supplier_id FROM supplier WHERE supplier_id = ANY((:supplier_ids)::uuid[]) ORDER BY supplier_id FOR SHARE;

-- name: add_unchecked!
-- Those of suppliers just told of that have cases.
INSERT INTO unchecked (supplier_id, told_by)
SELECT r.supplier_id, r.told_by FROM jsonb_populate_recordset(NULL::unchecked, (:rows)::jsonb) AS r
WHERE EXISTS (SELECT FROM risk_case AS c WHERE c.supplier_id = r.supplier_id)
ORDER BY r.supplier_id
ON CONFLICT (supplier_id) DO UPDATE SET told_by = excluded.told_by;

-- name: claim_unchecked
-- Some suppliers whose decisions are to be looked at, and that no other replica looks at; given back by a rollback.
WITH claimed AS MATERIALIZED (SELECT supplier_id FROM unchecked ORDER BY supplier_id LIMIT :limit FOR UPDATE SKIP LOCKED)
DELETE FROM unchecked AS u USING claimed AS c WHERE c.supplier_id = u.supplier_id
RETURNING u.supplier_id, u.told_by;

-- name: lock_cases_of
-- All cases of suppliers, locked in the order of their keys.
SELECT supplier_id, category_id FROM risk_case WHERE supplier_id = ANY((:supplier_ids)::uuid[])
ORDER BY supplier_id, category_id FOR NO KEY UPDATE;

-- name: otherwise_decided
-- Their cases whose final decision took it otherwise whether there is a contract, and the events behind it; of those that no
-- contract is left of, only where something is planned.
SELECT c.supplier_id, c.category_id, array_remove(d.events || u.told_by, NULL) AS events
FROM jsonb_populate_recordset(NULL::unchecked, (:claimed)::jsonb) AS u JOIN risk_case AS c USING (supplier_id)
JOIN decision AS d USING (decision_id) JOIN supplier AS s ON s.supplier_id = c.supplier_id
WHERE d.without_contract = (s.regions ? c.category_id)
  AND (d.without_contract
       OR EXISTS (SELECT FROM audit AS a
                  WHERE (a.supplier_id, a.category_id) = (c.supplier_id, c.category_id) AND a.ended_on IS NULL)
       OR EXISTS (SELECT FROM decision AS m
                  WHERE (m.supplier_id, m.category_id) = (c.supplier_id, c.category_id)
                    AND m.effect = 'opened' AND m.outcome = ANY((:planned)::text[]) AND m.ended_on IS NULL))
ORDER BY c.supplier_id, c.category_id;
