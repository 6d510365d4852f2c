-- name: insert_supplier!
-- A new supplier.
INSERT INTO supplier (supplier_id, legal_name, country, status, language, registered_at)
VALUES (:supplier_id, :legal_name, :country, 'active', :language, :now);

-- name: insert_identifiers!
-- Take the numbers that nobody has; the count tells whether all were free. Sorted: two writers cannot deadlock.
INSERT INTO identifier (scheme, value, supplier_id)
SELECT scheme, value, supplier_id FROM jsonb_populate_recordset(NULL::identifier, (:rows)::jsonb)
ORDER BY scheme, value
ON CONFLICT DO NOTHING;

-- name: insert_own_numbers!
-- Take the numbers of regions' own registers that nobody has; the count tells whether all were free. Sorted.
INSERT INTO own_number (region, number, supplier_id)
SELECT region, number, supplier_id FROM jsonb_populate_recordset(NULL::own_number, (:rows)::jsonb)
ORDER BY region, number
ON CONFLICT DO NOTHING;

-- name: look_up
-- Which suppliers a region's own numbers mean, in the order in which they are asked.
SELECT asked.number, o.supplier_id
FROM unnest((:numbers)::text[]) WITH ORDINALITY AS asked (number, position)
LEFT JOIN own_number AS o ON o.region = :region AND o.number = asked.number
ORDER BY asked.position;

-- name: insert_contacts!
-- Contact persons.
INSERT INTO contact (contact_id, supplier_id, name, email, language, role)
SELECT contact_id, supplier_id, name, email, language, role
FROM jsonb_populate_recordset(NULL::contact, (:rows)::jsonb);

-- name: insert_sites!
-- Production sites.
INSERT INTO site (site_id, supplier_id, name, tier, country, category_ids)
SELECT site_id, supplier_id, name, tier, country, category_ids
FROM jsonb_populate_recordset(NULL::site, (:rows)::jsonb);

-- name: insert_contracts!
-- Contracts; their categories must exist.
INSERT INTO contract (contract_id, supplier_id, category_id, regions, clause_level, clause_version, starts_on, ends_on,
    value_ore, terms, reference)
SELECT contract_id, supplier_id, category_id, regions, clause_level, clause_version, starts_on, ends_on,
    value_ore, terms, reference
FROM jsonb_populate_recordset(NULL::contract, (:rows)::jsonb);

-- name: supplier^
-- One supplier whole.
SELECT * FROM whole_supplier WHERE supplier_id = :supplier_id;

-- name: suppliers
-- Suppliers whole: those named, or those that every filter lets through.
SELECT s.* FROM whole_supplier AS s
WHERE ((:supplier_ids)::uuid[] IS NULL OR s.supplier_id = ANY((:supplier_ids)::uuid[]))
  AND ((:country)::text IS NULL OR s.country = :country)
  AND ((:status)::text IS NULL OR s.status = :status)
  AND ((:category_id)::text IS NULL AND (:region)::text IS NULL OR EXISTS (
      SELECT FROM contract AS k WHERE k.supplier_id = s.supplier_id
        AND k.category_id = coalesce(:category_id, k.category_id)
        AND ((:region)::text IS NULL OR (:region)::text = ANY(k.regions))));

-- name: lock_supplier$
-- The version of a supplier's editable part, held until the transaction ends.
SELECT version FROM supplier WHERE supplier_id = :supplier_id FOR NO KEY UPDATE;

-- name: update_supplier!
-- Write a supplier's own columns; the caller holds its lock.
UPDATE supplier SET legal_name = :legal_name, country = :country, language = :language, version = version + 1
WHERE supplier_id = :supplier_id;

-- name: delete_identifiers!
-- Give a supplier's numbers back.
DELETE FROM identifier WHERE supplier_id = :supplier_id;

-- name: delete_contacts!
-- Forget a supplier's contacts beside those that stay.
DELETE FROM contact WHERE supplier_id = :supplier_id AND NOT contact_id = ANY((:kept)::uuid[]);

-- name: update_contacts!
-- Write the contacts that stay.
UPDATE contact AS c SET name = r.name, email = r.email, language = r.language, role = r.role
FROM jsonb_populate_recordset(NULL::contact, (:rows)::jsonb) AS r
WHERE c.contact_id = r.contact_id AND c.supplier_id = r.supplier_id;

-- name: owners_of_suppliers
-- The regions that have a contract with each of the named suppliers, and the areas of its contracts' categories.
SELECT s.supplier_id,
       ARRAY(SELECT DISTINCT region FROM contract AS k, unnest(k.regions) AS region
             WHERE k.supplier_id = s.supplier_id) AS regions,
       ARRAY(SELECT DISTINCT responsible_area FROM contract AS k JOIN category USING (category_id)
             WHERE k.supplier_id = s.supplier_id AND responsible_area IS NOT NULL) AS areas
FROM unnest((:supplier_ids)::uuid[]) AS s (supplier_id);

-- name: save_category!
-- Create a category, or change it if its version is still the known one; counts 0 where somebody was faster.
INSERT INTO category AS c (category_id, names, responsible_area, prioritised_years, cpv_prefixes, analysis)
SELECT category_id, names, responsible_area, prioritised_years, cpv_prefixes, analysis
FROM jsonb_populate_record(NULL::category, (:row)::jsonb)
ON CONFLICT (category_id) DO UPDATE
SET names = excluded.names, responsible_area = excluded.responsible_area, version = c.version + 1,
    prioritised_years = excluded.prioritised_years, cpv_prefixes = excluded.cpv_prefixes, analysis = excluded.analysis
WHERE c.version = :known;

-- name: categories
-- Risk categories: all, or one.
SELECT category_id, version, names, responsible_area, prioritised_years, cpv_prefixes, analysis FROM category
WHERE (:category_id)::text IS NULL OR category_id = :category_id;

-- name: areas_of_categories
-- Those of the named categories that exist, with the area that answers for each.
SELECT category_id, responsible_area FROM category WHERE category_id = ANY(:category_ids);

-- name: save_dataset!
-- Note the import of an index's year, if its version is still the known one; locks it until the values are replaced.
INSERT INTO country_dataset AS d (index, year, imported_at) VALUES (:index, :year, :now)
ON CONFLICT (index, year) DO UPDATE SET imported_at = excluded.imported_at, version = d.version + 1
WHERE d.version = :known;

-- name: delete_country_values!
-- Empty a year: a country that a new edition leaves out has no data in it.
DELETE FROM country_value WHERE index = :index AND year = :year;

-- name: insert_country_values!
-- The values of a year.
INSERT INTO country_value (index, year, country, value)
SELECT index, year, country, value
FROM jsonb_populate_recordset(NULL::country_value, (:rows)::jsonb);

-- name: datasets
-- What has been imported: all, or one year of one index.
SELECT d.index, d.year, d.version, d.imported_at,
       (SELECT count(*) FROM country_value AS v WHERE v.index = d.index AND v.year = d.year) AS countries
FROM country_dataset AS d
WHERE ((:index)::text IS NULL OR d.index = :index) AND ((:year)::integer IS NULL OR d.year = :year);

-- name: newest_values
-- Per index its newest imported year, with the values of the named countries: {country: value}.
SELECT d.index, d.year,
       coalesce(jsonb_object_agg(v.country, v.value) FILTER (WHERE v.country IS NOT NULL), '{}') AS by_country
FROM (SELECT index, max(year) AS year FROM country_dataset GROUP BY index) AS d
LEFT JOIN country_value AS v ON v.index = d.index AND v.year = d.year AND v.country = ANY(:countries)
GROUP BY d.index, d.year
ORDER BY d.index;

-- name: create_cases!
-- Make the case keys that are not known yet.
INSERT INTO risk_case (supplier_id, category_id)
SELECT supplier_id, category_id FROM jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb)
ORDER BY supplier_id, category_id
ON CONFLICT DO NOTHING;

-- name: lock_cases
-- Lock cases in the order of their keys: a score is never computed from half the facts.
SELECT c.supplier_id, c.category_id FROM risk_case AS c
JOIN jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb) AS k USING (supplier_id, category_id)
ORDER BY c.supplier_id, c.category_id
FOR NO KEY UPDATE OF c;

-- name: save_judgements!
-- Keep the newest completed assessment of each case; a resync repeats the same version.
INSERT INTO judgement AS j (supplier_id, category_id, version, assessment_id, year, state, stage, claimed, judged,
    critical, severe_reported, recommendation, completed_at, valid_until)
SELECT supplier_id, category_id, version, assessment_id, year, state, stage, claimed, judged,
    critical, severe_reported, recommendation, completed_at, valid_until
FROM jsonb_populate_recordset(NULL::judgement, (:rows)::jsonb)
ORDER BY supplier_id, category_id
ON CONFLICT (supplier_id, category_id) DO UPDATE
SET version = excluded.version, assessment_id = excluded.assessment_id, year = excluded.year,
    state = excluded.state, stage = excluded.stage, claimed = excluded.claimed, judged = excluded.judged,
    critical = excluded.critical, severe_reported = excluded.severe_reported,
    recommendation = excluded.recommendation, completed_at = excluded.completed_at, valid_until = excluded.valid_until
WHERE j.version <= excluded.version;

-- name: cases_to_score
-- What the named cases' scores follow from, beside country values; stubs (no contract) are left out.
SELECT c.supplier_id, c.category_id, last.score AS previous_score, last.band AS previous_band,
       jsonb_build_object(
           'sites', (
               SELECT coalesce(jsonb_agg(s ORDER BY s.tier, s.country), '[]')
               FROM (SELECT DISTINCT tier, country FROM site
                     WHERE supplier_id = c.supplier_id AND c.category_id = ANY(category_ids)) AS s),
           'analysis', category.analysis,
           'judgement', (
               SELECT to_jsonb(j) - '{supplier_id,category_id,version}'::text[]
               FROM judgement AS j WHERE (j.supplier_id, j.category_id) = (c.supplier_id, c.category_id)),
           'audit', NULL,
           'deviations', '[]'::jsonb,
           'contract_ends_on', (
               SELECT CASE WHEN bool_and(ends_on IS NOT NULL) THEN max(ends_on) END
               FROM contract AS k WHERE (k.supplier_id, k.category_id) = (c.supplier_id, c.category_id))
       ) AS inputs
FROM jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb) AS k
JOIN risk_case AS c USING (supplier_id, category_id)
JOIN category USING (category_id)
LEFT JOIN risk_score AS last ON last.score_id = c.score_id
WHERE EXISTS (
    SELECT FROM contract AS k WHERE (k.supplier_id, k.category_id) = (c.supplier_id, c.category_id))
ORDER BY c.supplier_id, c.category_id;

-- name: owners_of_cases
-- Whose the named cases are: the regions that have a contract in them, and their category's area.
SELECT k.supplier_id, k.category_id, category.responsible_area,
       (SELECT coalesce(array_agg(DISTINCT region ORDER BY region), '{}') FROM contract AS c, unnest(c.regions) AS region
        WHERE (c.supplier_id, c.category_id) = (k.supplier_id, k.category_id)) AS regions
FROM jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb) AS k
LEFT JOIN category USING (category_id);

-- name: save_scores!
-- Append to the history, and point each case at its newest score.
WITH added AS (
    INSERT INTO risk_score (score_id, supplier_id, category_id, as_of, rule_set, datasets, score, band, previous_score, previous_band,
        stage, areas, no_data_areas, claim_gap, critical_open, severe_open, not_cooperating, recommendation,
        site_known, contract_ends_on, causes, inputs)
SELECT score_id, supplier_id, category_id, as_of, rule_set, datasets, score, band, previous_score, previous_band,
        stage, areas, no_data_areas, claim_gap, critical_open, severe_open, not_cooperating, recommendation,
        site_known, contract_ends_on, causes, inputs
FROM jsonb_populate_recordset(NULL::risk_score, (:rows)::jsonb)
    RETURNING supplier_id, category_id, score_id
)
UPDATE risk_case AS c SET score_id = added.score_id
FROM added WHERE (c.supplier_id, c.category_id) = (added.supplier_id, added.category_id);

-- name: current_scores
-- The present score of each of a supplier's cases; a region's or an area's own only, where one is named.
SELECT s.* FROM risk_case AS c
JOIN risk_score AS s ON s.score_id = c.score_id
WHERE c.supplier_id = :supplier_id
  AND ((:region)::text IS NULL OR EXISTS (
      SELECT FROM contract AS k WHERE (k.supplier_id, k.category_id) = (c.supplier_id, c.category_id)
        AND (:region)::text = ANY(k.regions)))
  AND ((:area)::text IS NULL OR EXISTS (
      SELECT FROM category AS g WHERE g.category_id = c.category_id AND g.responsible_area = :area))
ORDER BY c.category_id;

-- name: suppliers_after
-- The ids of suppliers, in order, from after one on: what a resync tells.
SELECT supplier_id FROM supplier WHERE (:after)::uuid IS NULL OR supplier_id > :after
ORDER BY supplier_id LIMIT :limit;

-- name: categories_after
-- Categories in order, from after one on: what a resync tells.
SELECT category_id, names, responsible_area, prioritised_years, cpv_prefixes, analysis FROM category
WHERE (:after)::text IS NULL OR category_id > :after
ORDER BY category_id LIMIT :limit;

-- name: scores_after
-- Present scores in the order of their cases, from after one on: what a resync tells.
SELECT s.*, s.inputs #>> '{judgement,completed_at}' AS assessed_at FROM risk_case AS c
JOIN risk_score AS s ON s.score_id = c.score_id
WHERE (:supplier_id)::uuid IS NULL OR (c.supplier_id, c.category_id) > ((:supplier_id)::uuid, (:category_id)::text)
ORDER BY c.supplier_id, c.category_id
LIMIT :limit;

-- name: scored_otherwise
-- Those of the named cases whose present score does not take in the judgement that is stored.
SELECT c.supplier_id, c.category_id FROM risk_case AS c
JOIN jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb) AS k USING (supplier_id, category_id)
JOIN judgement AS j USING (supplier_id, category_id)
LEFT JOIN risk_score AS s ON s.score_id = c.score_id
WHERE to_jsonb(j) - '{supplier_id,category_id,version}'::text[] IS DISTINCT FROM s.inputs -> 'judgement';

-- name: score_history
-- A supplier's scores, of all or of one category; a region's or an area's own cases only, where one is named.
SELECT s.* FROM risk_score AS s
WHERE s.supplier_id = :supplier_id
  AND ((:category_id)::text IS NULL OR s.category_id = :category_id)
  AND ((:region)::text IS NULL OR EXISTS (
      SELECT FROM contract AS k WHERE (k.supplier_id, k.category_id) = (s.supplier_id, s.category_id)
        AND (:region)::text = ANY(k.regions)))
  AND ((:area)::text IS NULL OR EXISTS (
      SELECT FROM category AS g WHERE g.category_id = s.category_id AND g.responsible_area = :area));

-- name: supplier_exists$
-- Whether there is such a supplier.
SELECT EXISTS (SELECT FROM supplier WHERE supplier_id = :supplier_id);

-- name: suppliers_by_band
-- How many suppliers have their worst category in each band; no_data: none of their cases has a score.
SELECT coalesce(worst.band, 'no_data') AS band, count(*) AS suppliers
FROM (SELECT DISTINCT ON (c.supplier_id) c.supplier_id, s.band
      FROM risk_case AS c JOIN risk_score AS s ON s.score_id = c.score_id
      ORDER BY c.supplier_id, s.score DESC NULLS LAST) AS worst
GROUP BY worst.band;
