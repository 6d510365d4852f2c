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

-- name: end_waves!
-- No case is scored anew because of what was filled in.
UPDATE wave SET given_out = true, ended_at = now();

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

-- name: copy_scores!
-- The first score of every case whose goods come from the same countries as those of one of the first eight: they have theirs.
WITH made AS (
    SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS supplier_id,
           ('00000000-0000-7000-8000-' || lpad(to_hex(n %% 8), 12, '0'))::uuid AS like_this, gen_random_uuid() AS score_id
    FROM generate_series(8, (:cases)::integer - 1) AS n
), added AS (
    INSERT INTO scored_case (supplier_id, category_id, score_id, as_of, result_id, contract_ends_on, causes)
    SELECT m.supplier_id, s.category_id, m.score_id, s.as_of, s.result_id, s.contract_ends_on, s.causes
    FROM made AS m JOIN scored_case AS s ON s.supplier_id = m.like_this
    RETURNING supplier_id, category_id, score_id, result_id, contract_ends_on
)
UPDATE risk_case AS c
SET score_id = added.score_id, result_id = added.result_id, score = r.score, band = r.band,
    contract_ends_on = added.contract_ends_on
FROM added JOIN risk_result AS r USING (result_id)
WHERE (c.supplier_id, c.category_id) = (added.supplier_id, added.category_id);
