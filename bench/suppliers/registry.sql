-- name: add_categories!
-- Sixty categories, each with an analysis of all four areas.
INSERT INTO category (category_id, names, responsible_area, prioritised_years, cpv_prefixes, analysis)
SELECT 'bench-' || lpad(i::text, 2, '0'), jsonb_build_object('sv', 'Kategori ' || i, 'en', 'Category ' || i), chr(65 + i %% 8),
       '{}', '{}', (SELECT jsonb_agg(jsonb_build_object('likelihood', 1 + (i + a) %% 5, 'severity', 1 + (i * a) %% 5,
                                                        'valid_until', '2099-12-31')) FROM generate_series(1, 4) AS a)
FROM generate_series(1, 60) AS i;

-- name: number_suppliers!
-- Give every supplier a number from 0, in the order of their ids.
CREATE TABLE bench_supplier AS
SELECT supplier_id, (row_number() OVER (ORDER BY supplier_id) - 1)::integer AS i FROM supplier;

-- name: add_sites!
-- Three sites for each supplier: two of tiers 0 and 1 in two of twenty countries, one of tier 2.
INSERT INTO site (site_id, supplier_id, name, tier, country, category_ids)
SELECT gen_random_uuid(), s.supplier_id, 'Fabrik ' || n, n, ((:countries)::text[])[1 + least(abs(hashint4(s.i * 3 + n)) %% 20, abs(hashint4(s.i * 5 + n)) %% 20)],
       ARRAY['bench-' || lpad((1 + s.i %% 60)::text, 2, '0')]
FROM bench_supplier AS s CROSS JOIN generate_series(0, 2) AS n;

-- name: add_contracts!
-- A contract, and so a case, for each supplier.
INSERT INTO contract (contract_id, supplier_id, category_id, regions, clause_level, clause_version, starts_on, ends_on, value_ore, terms)
SELECT gen_random_uuid(), supplier_id, 'bench-' || lpad((1 + i %% 60)::text, 2, '0'),
       ARRAY[((:regions)::text[])[1 + i %% 21]], 'advanced', '2024-1', '2025-01-01',
       '2027-01-01'::date + i %% 1000, 1000000 * (1 + i %% 977), '{}'
FROM bench_supplier;

-- name: add_cases!
-- The cases.
INSERT INTO risk_case (supplier_id, category_id)
SELECT supplier_id, category_id FROM contract ORDER BY supplier_id, category_id;

-- name: add_judgements!
-- A reviewed matrix for a tenth of the cases.
INSERT INTO judgement (supplier_id, category_id, version, assessment_id, year, state, stage, claimed, judged, critical,
    severe_reported, recommendation, completed_at, valid_until)
SELECT s.supplier_id, 'bench-' || lpad((1 + s.i %% 60)::text, 2, '0'), 1, gen_random_uuid(), 2026, 'completed', 'reviewed',
       m.cells, m.cells, '{}', false, 'none', now() - make_interval(days => s.i %% 300), now() + make_interval(days => 365 - s.i %% 300)
FROM bench_supplier AS s
CROSS JOIN LATERAL (
    SELECT jsonb_agg(cells) AS cells FROM (
        SELECT jsonb_agg((s.i * 7 + r * 31 + c * 17) %% 101) AS cells
        FROM generate_series(1, 7) AS r CROSS JOIN generate_series(1, 4) AS c GROUP BY r
    ) AS by_row
) AS m
WHERE s.i %% 10 = 0;

-- name: tidy#
-- What autovacuum would have done meanwhile.
ANALYZE;
