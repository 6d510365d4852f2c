-- name: lock_categories!
-- One writer of categories at a time, until the transaction ends: what lies above them decides, and may change.
LOCK TABLE category IN SHARE ROW EXCLUSIVE MODE;

-- name: save_category!
-- Create a category, or change it if its version is still the known one; counts 0 where somebody was faster.
INSERT INTO category AS c (category_id, names, parent_id, responsible_area, prioritised_years, cpv_prefixes, analysis, grounds)
SELECT category_id, names, parent_id, responsible_area, prioritised_years, cpv_prefixes, analysis, grounds
FROM jsonb_populate_record(NULL::category, (:row)::jsonb)
ON CONFLICT (category_id) DO UPDATE
SET names = excluded.names, parent_id = excluded.parent_id, responsible_area = excluded.responsible_area,
    version = c.version + 1, prioritised_years = excluded.prioritised_years, cpv_prefixes = excluded.cpv_prefixes,
    analysis = excluded.analysis, grounds = excluded.grounds,
    analysis_version = c.analysis_version
        + ((c.analysis, c.grounds) IS DISTINCT FROM (excluded.analysis, excluded.grounds))::integer
WHERE c.version = :known;

-- name: settle_areas!
-- Hand a category's area down to all below it that have none of their own, as far as it is different there.
WITH RECURSIVE branch AS (
    SELECT category_id, effective_area FROM category WHERE category_id = :category_id
    UNION ALL
    SELECT c.category_id, coalesce(c.responsible_area, b.effective_area)
    FROM category AS c JOIN branch AS b ON c.parent_id = b.category_id
)
UPDATE category AS c SET effective_area = b.effective_area, version = c.version + 1
FROM branch AS b
WHERE c.category_id = b.category_id AND c.effective_area IS DISTINCT FROM b.effective_area;

-- name: branch
-- A category and all below it, whole.
WITH RECURSIVE branch AS (
    SELECT category_id FROM category WHERE category_id = :category_id
    UNION
    SELECT c.category_id FROM category AS c JOIN branch AS b ON c.parent_id = b.category_id
)
SELECT w.* FROM whole_category AS w JOIN branch USING (category_id) ORDER BY category_id;

-- name: keep_analysis!
-- Keep the present version of a category's analysis, with who wrote it, if it is not kept yet.
INSERT INTO category_analysis (category_id, version, analysis, changed_by, changed_at)
SELECT category_id, analysis_version, analysis, :changed_by, :now FROM whole_category WHERE category_id = :category_id
ON CONFLICT DO NOTHING;

-- name: analysis_versions
-- Every version of a category's analysis.
SELECT version, analysis, changed_by, changed_at FROM category_analysis WHERE category_id = :category_id;

-- name: categories
-- Risk categories: all that every filter lets through.
SELECT * FROM whole_category
WHERE ((:parent_id)::text IS NULL OR parent_id = :parent_id)
  AND ((:area)::text IS NULL OR effective_area = :area)
  AND ((:prioritised_year)::integer IS NULL OR (:prioritised_year)::integer = ANY(prioritised_years));

-- name: category^
-- One risk category.
SELECT * FROM whole_category WHERE category_id = :category_id;

-- name: areas_of_categories
-- Those of the named categories that exist, with the area that answers for each in effect.
SELECT category_id, effective_area FROM category WHERE category_id = ANY(:category_ids);

-- name: categories_after
-- Categories in order, from after one on: what a resync tells.
SELECT * FROM whole_category
WHERE (:after)::text IS NULL OR category_id > :after
ORDER BY category_id LIMIT :limit;

-- name: analyses
-- The risk analyses of the named categories, with their versions.
SELECT category_id, analysis, analysis_version FROM category WHERE category_id = ANY((:category_ids)::text[]);

-- name: prefixes
-- What every category's prefixes of the procurement vocabulary are.
SELECT category_id, names, cpv_prefixes FROM category WHERE cpv_prefixes <> '{}' ORDER BY category_id;

-- name: decide_years!
-- Make these a category's years with priority; one that was not is decided now by who writes.
WITH gone AS (
    DELETE FROM category_priority WHERE category_id = :category_id AND NOT year = ANY((:years)::integer[])
)
INSERT INTO category_priority (category_id, year, decided_by, decided_on)
SELECT :category_id, year, :decided_by, :decided_on FROM unnest((:years)::integer[]) AS year ORDER BY year
ON CONFLICT DO NOTHING;

-- name: priorities
-- A category's years with priority: all, or one.
SELECT category_id, year, version, decided_by, decided_on, note FROM category_priority
WHERE category_id = :category_id AND ((:year)::integer IS NULL OR year = :year);

-- name: save_priority!
-- Give a category priority in a year, or change who decided it.
INSERT INTO category_priority AS p (category_id, year, decided_by, decided_on, note)
VALUES (:category_id, :year, :decided_by, :decided_on, :note)
ON CONFLICT (category_id, year) DO UPDATE
SET decided_by = excluded.decided_by, decided_on = excluded.decided_on, note = excluded.note, version = p.version + 1;

-- name: delete_priority!
-- Take a year's priority from a category.
DELETE FROM category_priority WHERE category_id = :category_id AND year = :year;

-- name: show_years!
-- Say in the category which years it has priority in, if it says otherwise.
UPDATE category AS c SET prioritised_years = p.years, version = version + 1
FROM (SELECT ARRAY(SELECT year FROM category_priority WHERE category_id = :category_id ORDER BY year) AS years) AS p
WHERE c.category_id = :category_id AND c.prioritised_years <> p.years;
