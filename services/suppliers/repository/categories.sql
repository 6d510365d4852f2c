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

-- name: categories_after
-- Categories in order, from after one on: what a resync tells.
SELECT category_id, names, responsible_area, prioritised_years, cpv_prefixes, analysis FROM category
WHERE (:after)::text IS NULL OR category_id > :after
ORDER BY category_id LIMIT :limit;

-- name: analyses
-- The risk analyses of the named categories.
SELECT category_id, analysis FROM category WHERE category_id = ANY((:category_ids)::text[]);
