-- name: insert_supplier!
-- A new supplier.
INSERT INTO supplier (supplier_id, legal_name, name_key, country, status, language, registered_at)
VALUES (:supplier_id, :legal_name, :name_key, :country, 'active', :language, :now);

-- name: insert_identifiers!
-- Take the numbers that nobody has; the count tells whether all were free. Sorted: two writers cannot deadlock.
INSERT INTO identifier (scheme, value, supplier_id)
SELECT scheme, value, supplier_id FROM jsonb_populate_recordset(NULL::identifier, (:rows)::jsonb)
ORDER BY scheme, value
ON CONFLICT (scheme, value) DO UPDATE SET former = false WHERE identifier.supplier_id = excluded.supplier_id;

-- name: holders
-- Who has the named numbers.
SELECT i.scheme, s.supplier_id, s.legal_name
FROM jsonb_populate_recordset(NULL::identifier, (:rows)::jsonb) AS r
JOIN identifier AS i USING (scheme, value) JOIN supplier AS s ON s.supplier_id = i.supplier_id
WHERE i.supplier_id <> r.supplier_id
ORDER BY i.scheme;

-- name: insert_own_numbers!
-- Take the numbers of regions' own registers that nobody has; the count tells whether all were free. Sorted.
INSERT INTO own_number (region, number, supplier_id)
SELECT region, number, supplier_id FROM jsonb_populate_recordset(NULL::own_number, (:rows)::jsonb)
ORDER BY region, number
ON CONFLICT DO NOTHING;

-- name: delete_own_number!
-- A number that a region had given to the wrong supplier.
DELETE FROM own_number WHERE region = :region AND number = :number;

-- name: insert_contacts!
-- Contact persons.
INSERT INTO contact (contact_id, supplier_id, name, email, language, role)
SELECT contact_id, supplier_id, name, email, language, role
FROM jsonb_populate_recordset(NULL::contact, (:rows)::jsonb);

-- name: supplier^
-- One supplier whole.
SELECT * FROM whole_supplier WHERE supplier_id = :supplier_id;

-- name: suppliers
-- The named suppliers, whole.
SELECT * FROM whole_supplier WHERE supplier_id = ANY((:supplier_ids)::uuid[]);

-- name: lock_supplier$
-- The version of a supplier's editable part, held until the transaction ends.
SELECT version FROM supplier WHERE supplier_id = :supplier_id FOR NO KEY UPDATE;

-- name: update_supplier!
-- Write a supplier's own columns; the caller holds its lock.
UPDATE supplier SET legal_name = :legal_name, name_key = :name_key, country = :country, language = :language, version = version + 1
WHERE supplier_id = :supplier_id;

-- name: raise_version!
-- Something of a supplier is different now; the caller holds its lock.
UPDATE supplier SET version = version + 1 WHERE supplier_id = :supplier_id;

-- name: update_status!
-- Write what has become of a supplier; the caller holds its lock.
UPDATE supplier SET status = :status, status_reason = :reason, status_since = :since, version = version + 1
WHERE supplier_id = :supplier_id;

-- name: delete_identifiers!
-- Give a supplier's numbers back.
DELETE FROM identifier WHERE supplier_id = :supplier_id AND NOT former;

-- name: delete_contacts!
-- Forget a supplier's contacts beside those that stay.
DELETE FROM contact WHERE supplier_id = :supplier_id AND NOT contact_id = ANY((:kept)::uuid[]);

-- name: update_contacts!
-- Write the contacts that stay.
UPDATE contact AS c SET name = r.name, email = r.email, language = r.language, role = r.role
FROM jsonb_populate_recordset(NULL::contact, (:rows)::jsonb) AS r
WHERE c.contact_id = r.contact_id AND c.supplier_id = r.supplier_id;

-- name: standings_of_suppliers
-- The regions that have a contract with each of the named suppliers, the areas of its contracts' categories, and the
-- regions that have a number of their own for it.
SELECT s.supplier_id,
       EXISTS (SELECT FROM contract AS k WHERE k.supplier_id = s.supplier_id) AS contracted,
       ARRAY(SELECT DISTINCT region FROM contract AS k, unnest(k.regions) AS region
             WHERE k.supplier_id = s.supplier_id) AS regions,
       ARRAY(SELECT DISTINCT effective_area FROM contract AS k JOIN category USING (category_id)
             WHERE k.supplier_id = s.supplier_id AND effective_area IS NOT NULL) AS areas,
       ARRAY(SELECT DISTINCT region FROM own_number AS o WHERE o.supplier_id = s.supplier_id) AS numbers
FROM unnest((:supplier_ids)::uuid[]) AS s (supplier_id);

-- name: suppliers_after
-- The ids of suppliers, in order, from after one on: what a resync tells.
SELECT supplier_id FROM supplier WHERE (:after)::uuid IS NULL OR supplier_id > :after
ORDER BY supplier_id LIMIT :limit;

-- name: supplier_exists$
-- Whether there is such a supplier.
SELECT EXISTS (SELECT FROM supplier WHERE supplier_id = :supplier_id);
