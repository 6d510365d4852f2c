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

-- name: keep_survivors!
-- A survivor that has not arrived is known as what was absorbed, until it does: mails that are due name somebody.
INSERT INTO supplier AS t (supplier_id, version, legal_name, contacts, contracts)
SELECT DISTINCT ON (p.survivor_id) p.survivor_id, 0, s.legal_name, s.contacts, s.contracts
FROM jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid)
JOIN supplier AS s ON s.supplier_id = p.absorbed_id
ORDER BY p.survivor_id, s.supplier_id
ON CONFLICT (supplier_id) DO UPDATE
SET legal_name = excluded.legal_name, contacts = excluded.contacts, contracts = excluded.contracts
WHERE t.version = 0 AND t.legal_name IS NULL;

-- name: lock_moved
-- What moves, and where to, in order.
SELECT s.supplier_id FROM supplier AS s
WHERE s.supplier_id IN (SELECT unnest(ARRAY[p.absorbed_id, p.survivor_id])
                        FROM jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid))
ORDER BY s.supplier_id FOR UPDATE;

-- name: move_occasions!
-- What somebody must hear of; `made_for` says of whom it was.
UPDATE occasion AS o SET made_for = coalesce(o.made_for, o.supplier_id), supplier_id = p.survivor_id
FROM jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid)
WHERE o.supplier_id = p.absorbed_id;

-- name: readdress_notices
-- What waits for a contact whose address a contact of the survivor has too goes to that one: the first is gone from now on.
UPDATE notice AS n SET recipient_id = stays.id
FROM jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid)
JOIN recipient AS goes ON goes.kind = 'supplier_contact' AND goes.supplier_id = p.absorbed_id
JOIN recipient AS stays ON stays.kind = goes.kind AND stays.supplier_id = p.survivor_id AND lower(stays.email) = lower(goes.email)
WHERE (n.recipient_kind, n.recipient_id) = (goes.kind, goes.id) AND n.state IN ('queued', 'no_address')
  AND NOT EXISTS (SELECT FROM notice AS t WHERE (t.event_id, t.recipient_kind, t.recipient_id) = (n.event_id, stays.kind, stays.id))
RETURNING n.notice_id AS id;

-- name: move_contacts!
-- Contacts.
UPDATE recipient AS r SET supplier_id = p.survivor_id
FROM jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid)
WHERE r.supplier_id = p.absorbed_id;

-- name: delete_absorbed!
-- What was known of suppliers that are no more.
DELETE FROM supplier AS s USING jsonb_to_recordset((:pairs)::jsonb) AS p (absorbed_id uuid, survivor_id uuid)
WHERE s.supplier_id = p.absorbed_id;
