-- Imports into the registry: each statement takes all rows of a chunk.

-- name: numbers
-- Which suppliers have the named numbers: identifiers by scheme, own numbers by region, their own ids,
-- and ids that mean them since a merge.
SELECT i.scheme, NULL AS region, i.value AS number, i.supplier_id
FROM jsonb_to_recordset((:keys)::jsonb) AS k (scheme text, region text, number text)
JOIN identifier AS i ON i.scheme = k.scheme AND i.value = k.number
UNION ALL
SELECT k.scheme, o.region, o.number, o.supplier_id
FROM jsonb_to_recordset((:keys)::jsonb) AS k (scheme text, region text, number text)
JOIN own_number AS o ON o.region = k.region AND o.number = k.number
UNION ALL
SELECT k.scheme, NULL, k.number, s.supplier_id
FROM jsonb_to_recordset((:keys)::jsonb) AS k (scheme text, region text, number text)
JOIN supplier AS s ON s.supplier_id = CASE WHEN k.scheme = 'supplier_id' THEN k.number::uuid END
UNION ALL
SELECT k.scheme, NULL, k.number, a.survivor_id
FROM jsonb_to_recordset((:keys)::jsonb) AS k (scheme text, region text, number text)
JOIN supplier_alias AS a ON a.supplier_id = CASE WHEN k.scheme = 'supplier_id' THEN k.number::uuid END;

-- name: lock_suppliers
-- Hold suppliers, in the order of their ids, until the transaction ends.
SELECT supplier_id FROM supplier WHERE supplier_id = ANY((:supplier_ids)::uuid[])
ORDER BY supplier_id
FOR NO KEY UPDATE;

-- name: hold_headlines
-- Hold suppliers' headlines, likewise, where several statements may change them. No case is locked after that.
SELECT supplier_id FROM headline WHERE supplier_id = ANY((:supplier_ids)::uuid[])
ORDER BY supplier_id
FOR NO KEY UPDATE;

-- name: registered
-- What is registered of suppliers themselves; after they are locked.
SELECT s.supplier_id, s.legal_name, s.country, s.language,
       (SELECT coalesce(jsonb_object_agg(i.scheme, i.value), '{}')
        FROM identifier AS i WHERE i.supplier_id = s.supplier_id AND NOT i.former) AS identifiers
FROM supplier AS s WHERE s.supplier_id = ANY((:supplier_ids)::uuid[]);

-- name: insert_suppliers!
-- New suppliers.
INSERT INTO supplier (supplier_id, legal_name, name_key, country, status, language, registered_at, imported)
SELECT supplier_id, legal_name, name_key, country, 'active', language, :now, :imported
FROM jsonb_populate_recordset(NULL::supplier, (:rows)::jsonb);

-- name: update_suppliers!
-- Names, countries and languages.
UPDATE supplier AS s SET legal_name = r.legal_name, name_key = r.name_key, country = r.country, language = r.language
FROM jsonb_populate_recordset(NULL::supplier, (:rows)::jsonb) AS r
WHERE s.supplier_id = r.supplier_id;

-- name: raise_versions!
-- The editable part of these suppliers is another now.
UPDATE supplier SET version = version + 1 WHERE supplier_id = ANY((:supplier_ids)::uuid[]);

-- name: insert_identifiers!
-- Numbers that nobody has; one that somebody has taken meanwhile is a unique violation: the chunk is redone.
INSERT INTO identifier (scheme, value, supplier_id)
SELECT scheme, value, supplier_id FROM jsonb_populate_recordset(NULL::identifier, (:rows)::jsonb)
ORDER BY scheme, value;

-- name: insert_own_numbers!
-- Regions' own numbers; as above.
INSERT INTO own_number (region, number, supplier_id)
SELECT region, number, supplier_id FROM jsonb_populate_recordset(NULL::own_number, (:rows)::jsonb)
ORDER BY region, number;

-- name: contacts
-- The contacts of suppliers.
SELECT contact_id, supplier_id, name, email, language, role FROM contact
WHERE supplier_id = ANY((:supplier_ids)::uuid[])
ORDER BY contact_id;

-- name: insert_contacts!
-- New contacts.
INSERT INTO contact (contact_id, supplier_id, name, email, language, role)
SELECT contact_id, supplier_id, name, email, language, role
FROM jsonb_populate_recordset(NULL::contact, (:rows)::jsonb);

-- name: update_contacts!
-- Contacts that are different now.
UPDATE contact AS c SET name = r.name, language = r.language, role = r.role
FROM jsonb_populate_recordset(NULL::contact, (:rows)::jsonb) AS r
WHERE c.contact_id = r.contact_id;

-- name: contracts
-- The contracts that suppliers have under the named references.
SELECT k.contract_id, k.supplier_id, k.reference, k.category_id, k.regions, k.clause_level, k.clause_version,
       k.starts_on, k.ends_on, k.value_ore, k.terms, k.cpv, k.option_ends_on, k.currency
FROM jsonb_populate_recordset(NULL::contract, (:keys)::jsonb) AS r
JOIN contract AS k ON k.supplier_id = r.supplier_id AND k.reference = r.reference;

-- name: categories
-- All categories, with the area that answers for each in effect.
SELECT category_id, effective_area AS responsible_area FROM category ORDER BY category_id;

-- name: insert_contracts!
-- New contracts.
INSERT INTO contract (contract_id, supplier_id, reference, category_id, regions, clause_level, clause_version, starts_on,
    ends_on, value_ore, terms, cpv, option_ends_on, currency, imported)
SELECT contract_id, supplier_id, reference, category_id, regions, clause_level, clause_version, starts_on,
    ends_on, value_ore, terms, cpv, option_ends_on, currency, :imported
FROM jsonb_populate_recordset(NULL::contract, (:rows)::jsonb);

-- name: update_contracts!
-- Contracts that are different now.
UPDATE contract AS k
SET category_id = r.category_id, regions = r.regions, clause_level = r.clause_level,
    clause_version = r.clause_version, starts_on = r.starts_on, ends_on = r.ends_on, value_ore = r.value_ore,
    terms = r.terms, cpv = r.cpv, option_ends_on = r.option_ends_on, currency = r.currency, version = k.version + 1
FROM jsonb_populate_recordset(NULL::contract, (:rows)::jsonb) AS r
WHERE k.contract_id = r.contract_id;

-- name: sites
-- The sites of suppliers.
SELECT supplier_id, site_id, name, operator, tier, country, address, products, category_ids, registered_by FROM site
WHERE supplier_id = ANY((:supplier_ids)::uuid[])
ORDER BY site_id;

-- name: with_contract
-- Those of the named cases that have a contract.
SELECT k.supplier_id, k.category_id FROM jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb) AS k
WHERE EXISTS (SELECT FROM contract AS c WHERE (c.supplier_id, c.category_id) = (k.supplier_id, k.category_id));

-- name: archived
-- Those of the named suppliers that are archived.
SELECT supplier_id FROM supplier WHERE supplier_id = ANY((:supplier_ids)::uuid[]) AND status = 'archived';
