-- name: add_categories!
-- Sixty categories, each with an analysis of all four areas.
INSERT INTO category (category_id, names, responsible_area, prioritised_years, cpv_prefixes, analysis)
SELECT 'bench-' || lpad(i::text, 2, '0'), jsonb_build_object('sv', 'Kategori ' || i, 'en', 'Category ' || i), chr(65 + i %% 8),
       '{}', '{}', (SELECT jsonb_agg(jsonb_build_object('likelihood', 1 + (i + a) %% 5, 'severity', 1 + (i * a) %% 5,
                                                        'valid_until', '2099-12-31')) FROM generate_series(1, 4) AS a)
FROM generate_series(1, 60) AS i;

-- name: forget_uncompared!
-- Their names have been compared: what is done in the background for hours is not what everyday searches are beside.
DELETE FROM uncompared;

-- name: number_suppliers!
-- Give every supplier a number from 0, in the order of their ids.
CREATE TABLE bench_supplier AS
SELECT supplier_id, (row_number() OVER (ORDER BY supplier_id) - 1)::integer AS i FROM supplier;

-- name: add_sites!
-- Three sites for each supplier: two of tiers 0 and 1 in two of twenty countries, one of tier 2.
INSERT INTO site (site_id, supplier_id, name, tier, country, category_ids)
SELECT gen_random_uuid(), s.supplier_id, 'Fabrik ' || n, n, ((:countries)::text[])[1 + least(abs(hashint4(s.i * 3 + n)) %% 20, abs(hashint4(s.i * 5 + n)) %% 20)],
       ARRAY['bench-' || lpad((1 + abs(hashint4(s.i)) %% 60)::text, 2, '0')]
FROM bench_supplier AS s CROSS JOIN generate_series(0, 2) AS n;

-- name: add_contracts!
-- A contract, and so a case, for each supplier.
INSERT INTO contract (contract_id, supplier_id, category_id, regions, clause_level, clause_version, starts_on, ends_on, value_ore, terms)
SELECT gen_random_uuid(), supplier_id, 'bench-' || lpad((1 + abs(hashint4(i)) %% 60)::text, 2, '0'),
       ARRAY[((:regions)::text[])[1 + abs(hashint4(i + 7)) %% 21]], 'advanced', '2024-1', '2025-01-01',
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
SELECT s.supplier_id, 'bench-' || lpad((1 + abs(hashint4(s.i)) %% 60)::text, 2, '0'), 1, gen_random_uuid(), 2026, 'completed', 'reviewed',
       m.cells, m.cells, '{}', false, 'none', now() - make_interval(days => s.i %% 300), now() + make_interval(days => 365 - s.i %% 300)
FROM bench_supplier AS s
CROSS JOIN LATERAL (
    SELECT jsonb_agg(cells) AS cells FROM (
        SELECT jsonb_agg((s.i * 7 + r * 31 + c * 17) %% 101) AS cells
        FROM generate_series(1, 7) AS r CROSS JOIN generate_series(1, 4) AS c GROUP BY r
    ) AS by_row
) AS m
WHERE s.i %% 10 = 0;

-- name: case_count$
-- How many cases there are.
SELECT count(*) FROM risk_case;

-- name: every
-- The keys that cut the cases into parts.
SELECT supplier_id, category_id FROM (
    SELECT supplier_id, category_id, row_number() OVER (ORDER BY supplier_id, category_id) AS place FROM risk_case
) AS numbered
WHERE place %% :size = 0 ORDER BY supplier_id, category_id;

-- name: keys
-- The keys of all cases.
SELECT supplier_id, category_id FROM risk_case ORDER BY supplier_id, category_id;

-- name: rewrite_history!
-- The floor: the rows that a rescoring appends to the history of a part, made of those that are there.
INSERT INTO scored_case (supplier_id, category_id, score_id, as_of, result_id, previous_score, previous_band, contract_ends_on, causes)
SELECT s.supplier_id, s.category_id, gen_random_uuid(), s.as_of, s.result_id, s.previous_score, s.previous_band, s.contract_ends_on, s.causes
FROM risk_case AS c JOIN scored_case AS s USING (supplier_id, category_id, score_id)
WHERE c.supplier_id BETWEEN :after_supplier AND :last_supplier AND s.supplier_id BETWEEN :after_supplier AND :last_supplier
  AND (c.supplier_id, c.category_id) > ((:after_supplier)::uuid, (:after_category)::text)
  AND (c.supplier_id, c.category_id) <= ((:last_supplier)::uuid, (:last_category)::text);

-- name: rewrite_cases!
-- The floor: the rows of the cases of a part, with the values that they have.
UPDATE risk_case SET score_id = score_id, result_id = result_id, score = score, band = band
WHERE supplier_id BETWEEN :after_supplier AND :last_supplier
  AND (supplier_id, category_id) > ((:after_supplier)::uuid, (:after_category)::text)
  AND (supplier_id, category_id) <= ((:last_supplier)::uuid, (:last_category)::text);

-- name: rewrite_results!
-- The floor: what the scores of a part consist of that no other case shares, once more.
INSERT INTO risk_result (result_id, rule_set, score, band, stage, areas, work, no_data_areas, claim_gap, critical_open, severe_open,
    not_cooperating, recommendation, assessed_at, site_known, exposure_id, known_id)
SELECT gen_random_uuid(), r.rule_set, r.score, r.band, r.stage, r.areas, r.work, r.no_data_areas, r.claim_gap, r.critical_open,
       r.severe_open, r.not_cooperating, r.recommendation, r.assessed_at, r.site_known, r.exposure_id, r.known_id
FROM risk_case AS c JOIN risk_result AS r USING (result_id)
WHERE c.supplier_id BETWEEN :after_supplier AND :last_supplier
  AND (c.supplier_id, c.category_id) > ((:after_supplier)::uuid, (:after_category)::text)
  AND (c.supplier_id, c.category_id) <= ((:last_supplier)::uuid, (:last_category)::text)
  AND r.known_id IS NOT NULL;

-- name: newest_wave
-- How far the newest rescoring is.
SELECT cases, told, ended_at FROM wave ORDER BY begun_at DESC LIMIT 1;

-- name: judged
-- Whether a case's score follows from an assessment: it is kept in the transaction that writes the score.
SELECT 1 FROM judgement
WHERE (supplier_id, category_id) = (:supplier_id, :category_id) AND assessment_id = (:assessment_id)::uuid;

-- name: forget_events!
-- Nobody is there to publish them.
DELETE FROM outbox;

-- name: forget_floor#
-- Take out what the floor has written, so that the next round finds what the last one found.
SET statement_timeout = 0;
DELETE FROM scored_case AS s WHERE NOT EXISTS (
    SELECT FROM risk_case AS c WHERE (c.supplier_id, c.category_id, c.score_id) = (s.supplier_id, s.category_id, s.score_id));
DELETE FROM risk_result AS r WHERE NOT EXISTS (SELECT FROM risk_case AS c WHERE c.result_id = r.result_id);
