-- The bench's own SQL: suppliers to ask for, and what a round of POSTs has left.

-- name: seed#
-- A category, and 100,000 suppliers with a number, a contact and two sites each; all fictive.
SET LOCAL statement_timeout = 0;
INSERT INTO category (category_id, names, responsible_area, prioritised_years, cpv_prefixes, analysis)
VALUES ('handskar', '{"sv": "Handskar", "en": "Gloves"}', 'F', '{2026}', '{33141420}', '[null, null, null, null]');
CREATE TEMPORARY TABLE made AS
SELECT number, gen_random_uuid() AS supplier_id, gen_random_uuid() AS contact_id,
       gen_random_uuid() AS own_site, gen_random_uuid() AS other_site
FROM generate_series(1, 100000) AS number;
INSERT INTO supplier (supplier_id, legal_name, country, status, language, registered_at)
SELECT supplier_id, 'Exempelleverantör ' || number || ' AB', 'SE', 'active', 'sv', now() - number * interval '1 minute'
FROM made;
INSERT INTO identifier (scheme, value, supplier_id) SELECT 'orgnr', 2000000000 + number, supplier_id FROM made;
INSERT INTO contact (contact_id, supplier_id, name, email, language, role)
SELECT contact_id, supplier_id, 'Kim Exempel ' || number, 'kim' || number || '@leverantor.example', 'sv', 'respondent'
FROM made;
INSERT INTO site (site_id, supplier_id, name, tier, country, category_ids)
SELECT own_site, supplier_id, 'Fabrik ' || number, 0, 'SE', ARRAY['handskar'] FROM made
UNION ALL
SELECT other_site, supplier_id, 'Underleverantör ' || number, 2, 'CN', ARRAY['handskar'] FROM made;
DROP TABLE made;
-- Their names have been compared long ago: what the service does in the background is another bench's.
DELETE FROM uncompared;

-- name: some_suppliers
-- The ids of suppliers here and there in the register.
SELECT supplier_id FROM supplier ORDER BY md5(supplier_id::text) LIMIT :limit;

-- name: written^
-- What there is of everything that a POST writes; what waits to be published or sealed.
SELECT (SELECT count(*) FROM supplier) AS suppliers, (SELECT count(*) FROM idempotency_key) AS keys,
       (SELECT count(*) FROM audit_trail) AS trail, (SELECT count(*) FROM changes) AS changes,
       (SELECT count(*) FROM outbox)
       + (SELECT count(*) FROM audit_trail_unsealed) + (SELECT count(*) FROM changes_unsealed) AS waiting;
