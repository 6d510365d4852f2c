-- name: cases_now
-- How many cases are in each band of each category at the moment; `band` no_data: without a score. Archived suppliers are
-- left out, here as of lists: they are few, and an index of theirs alone (`supplier_archived`) says who they are.
SELECT c.category_id, coalesce(c.band, 'no_data') AS band, count(*) AS cases FROM risk_case AS c
WHERE c.result_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM supplier AS a WHERE a.supplier_id = c.supplier_id AND a.status = 'archived')
GROUP BY c.category_id, coalesce(c.band, 'no_data')
ORDER BY c.category_id, band;

-- name: suppliers_now
-- How many suppliers have their worst category in each band at the moment; no_data: none of their cases has a score. Likewise.
SELECT h.band, count(*) AS suppliers FROM headline AS h
WHERE h.band IS NOT NULL
  AND NOT EXISTS (SELECT FROM supplier AS a WHERE a.supplier_id = h.supplier_id AND a.status = 'archived')
GROUP BY h.band;

-- name: cases_then
-- How many cases were in each band of each category at a moment: by the last score that each had until then; without
-- those whose last contract was gone by then, and those of suppliers that are archived since then or longer.
SELECT s.category_id, r.band, count(*) AS cases
FROM (SELECT DISTINCT ON (supplier_id, category_id) supplier_id, category_id, result_id, as_of FROM scored_case
      WHERE as_of < (:until)::timestamptz ORDER BY supplier_id, category_id, score_id DESC) AS s
JOIN risk_result AS r USING (result_id)
WHERE NOT EXISTS (
    SELECT FROM case_end AS e WHERE (e.supplier_id, e.category_id) = (s.supplier_id, s.category_id)
      AND e.ended_at >= s.as_of AND e.ended_at < (:until)::timestamptz)
  AND NOT EXISTS (
    SELECT FROM supplier AS a WHERE a.supplier_id = s.supplier_id
      AND a.status = 'archived' AND a.status_since <= (:last_day)::date)
GROUP BY s.category_id, r.band
ORDER BY s.category_id, r.band;

-- name: suppliers_then
-- How many suppliers had their worst category in each band at a moment; no_data: none of their cases had a score. Likewise.
SELECT worst.band, count(*) AS suppliers
FROM (SELECT DISTINCT ON (s.supplier_id) s.supplier_id, r.band
      FROM (SELECT DISTINCT ON (supplier_id, category_id) supplier_id, category_id, result_id, as_of FROM scored_case
            WHERE as_of < (:until)::timestamptz ORDER BY supplier_id, category_id, score_id DESC) AS s
      JOIN risk_result AS r USING (result_id)
      WHERE NOT EXISTS (
          SELECT FROM case_end AS e WHERE (e.supplier_id, e.category_id) = (s.supplier_id, s.category_id)
            AND e.ended_at >= s.as_of AND e.ended_at < (:until)::timestamptz)
        AND NOT EXISTS (
          SELECT FROM supplier AS a WHERE a.supplier_id = s.supplier_id
            AND a.status = 'archived' AND a.status_since <= (:last_day)::date)
      ORDER BY s.supplier_id, r.score DESC NULLS LAST) AS worst
GROUP BY worst.band;

-- name: counts^
-- What was there at the end of a year (or is, while it lasts), and what was done in it. Who is archived is not there any more;
-- no contract of theirs runs, and what was done with them was done.
SELECT
    (SELECT count(*) FROM supplier AS s WHERE s.registered_at < (:until)::timestamptz AND NOT EXISTS (
        SELECT FROM supplier AS a WHERE a.supplier_id = s.supplier_id
          AND a.status = 'archived' AND a.status_since <= (:last_day)::date)) AS suppliers,
    (SELECT count(*) FROM supplier WHERE registered_at >= (:since)::timestamptz AND registered_at < (:until)::timestamptz)
        AS suppliers_registered,
    (SELECT count(*) FROM contract WHERE starts_on <= (:last_day)::date AND (ends_on IS NULL OR ends_on >= (:last_day)::date))
        AS contracts_running,
    (SELECT count(*) FROM risk_case AS c WHERE EXISTS (
        SELECT FROM scored_case AS s WHERE (s.supplier_id, s.category_id) = (c.supplier_id, c.category_id)
          AND s.as_of >= (:since)::timestamptz AND s.as_of < (:until)::timestamptz)) AS cases_scored,
    (SELECT count(*) FROM scored_case WHERE as_of >= (:since)::timestamptz AND as_of < (:until)::timestamptz) AS scores,
    (SELECT count(*) FROM category WHERE (:year)::integer = ANY(prioritised_years)) AS categories_prioritised,
    chosen.follow_ups, chosen.suppliers_selected
FROM (SELECT count(*) AS follow_ups, coalesce(sum(cardinality(selected)), 0) AS suppliers_selected FROM follow_up
            WHERE year = (:year)::integer AND state = 'confirmed') AS chosen;

-- name: categories_named
-- Each category's names, and whether it has priority in a year.
SELECT category_id, names, (:year)::integer = ANY(prioritised_years) AS prioritised FROM category ORDER BY category_id;

-- name: published^
-- A year's figures as they were published.
SELECT year, figures, as_of, published_at, published_by FROM published_figures WHERE year = :year;

-- name: publish!
-- Keep a year's figures for ever; counts 0 where they are published.
INSERT INTO published_figures (year, figures, as_of, published_at, published_by)
VALUES (:year, :figures, :as_of, :published_at, :published_by)
ON CONFLICT DO NOTHING;

-- name: analyses_made
-- The categories whose risk analysis was made or revised in a span, with the areas that the last version in it covers.
SELECT c.category_id, c.names, made.analysis
FROM (SELECT DISTINCT ON (category_id) category_id, analysis FROM category_analysis
      WHERE changed_at >= (:since)::timestamptz AND changed_at < (:until)::timestamptz
      ORDER BY category_id, version DESC) AS made
JOIN category AS c USING (category_id)
WHERE jsonb_path_exists(made.analysis, '$[*] ? (@ != null)')
ORDER BY c.category_id;
