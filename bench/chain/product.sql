-- name: take_time!
-- A million rows are not written within what a request may take.
SET LOCAL statement_timeout = 0;

-- name: add_suppliers!
-- A category of a high risk; suppliers with sites in two countries, a contract, and so a case. Their keys are those of
-- `feed.keys_of`. All fictive.
INSERT INTO category (category_id, names, responsible_area, prioritised_years, cpv_prefixes, analysis)
SELECT 'bench', '{"sv": "Kategori", "en": "Category"}', 'F', '{}', '{}',
       jsonb_agg(jsonb_build_object('likelihood', 5, 'severity', 5, 'valid_until', '2099-12-31'))
FROM generate_series(1, 4);
CREATE TEMPORARY TABLE made ON COMMIT DROP AS
SELECT n, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS supplier_id
FROM generate_series(0, (:cases)::integer - 1) AS n;
INSERT INTO supplier (supplier_id, legal_name, country, status, language, registered_at)
SELECT supplier_id, 'Exempelleverantör ' || n || ' AB', 'SE', 'active', 'sv', now() - n * interval '1 minute' FROM made;
DELETE FROM uncompared; -- what the service would do with them in the background for hours is another bench's
INSERT INTO site (site_id, supplier_id, name, tier, country, category_ids)
SELECT gen_random_uuid(), supplier_id, 'Fabrik ' || tier, tier,
       (ARRAY['BD', 'PK', 'MM', 'KH', 'ET', 'IN', 'CN', 'VN'])[1 + (n + tier) %% 8], ARRAY['bench']
FROM made CROSS JOIN generate_series(0, 1) AS tier;
INSERT INTO contract (contract_id, supplier_id, category_id, regions, clause_level, clause_version, starts_on, ends_on,
    value_ore, terms)
SELECT gen_random_uuid(), supplier_id, 'bench', ARRAY['01'], 'advanced', '2024-1', '2025-01-01', '2035-12-31', 1000000, '{}'
FROM made;
INSERT INTO risk_case (supplier_id, category_id) SELECT supplier_id, category_id FROM contract
ORDER BY supplier_id, category_id ON CONFLICT DO NOTHING;

-- name: forget_events!
-- What was filled in is told to nobody.
DELETE FROM outbox;

-- name: tell_audits!
-- What audits has heard of the suppliers, and who holds audits.
INSERT INTO supplier (supplier_id, version, regions)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 1, '{"bench": ["01"]}'
FROM generate_series(0, (:cases)::integer - 1) AS n;
INSERT INTO category (category_id, version, responsible_area) VALUES ('bench', 1, 'F');
INSERT INTO auditor (auditor_id, name, kinds, languages, weekly_capacity)
SELECT ('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Examinator ' || n, '{office,factory}', '{sv}', 50
FROM generate_series(1, 40) AS n;

-- name: tell_notifications!
-- What notifications has heard of them. Nobody has an address: notices are kept, and no mail is sent.
INSERT INTO category (category_id, version, names) VALUES ('bench', 1, '{"sv": "Kategori", "en": "Category"}');
INSERT INTO supplier (supplier_id, version, legal_name, contacts, contracts)
SELECT id, 1, 'Exempelleverantör ' || n || ' AB', jsonb_build_array(jsonb_build_object('contact_id', id, 'role', 'sustainability')),
       '[{"category_id": "bench", "regions": ["01"], "clause_level": "advanced", "clause_version": "2024-1"}]'
FROM generate_series(0, (:cases)::integer - 1) AS n
CROSS JOIN LATERAL (SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id) AS its;
