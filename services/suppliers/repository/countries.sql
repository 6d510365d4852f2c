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
FROM jsonb_populate_recordset(NULL::country_value, (:rows)::jsonb)
ORDER BY index, year, country;

-- name: country_values
-- The values of a year.
SELECT country, value FROM country_value WHERE index = :index AND year = :year;

-- name: datasets
-- What has been imported: all, or one year of one index.
SELECT d.index, d.year, d.version, d.imported_at,
       (SELECT count(*) FROM country_value AS v WHERE v.index = d.index AND v.year = d.year) AS countries
FROM country_dataset AS d
WHERE ((:index)::text IS NULL OR d.index = :index) AND ((:year)::integer IS NULL OR d.year = :year);

-- name: newest_values
-- Per index its newest imported year, or the newest up to one, with the values of the named countries: {country: value}.
SELECT d.index, d.year, d.version,
       coalesce(jsonb_object_agg(v.country, v.value) FILTER (WHERE v.country IS NOT NULL), '{}') AS by_country
FROM (SELECT DISTINCT ON (index) index, year, version FROM country_dataset
      WHERE (:until)::integer IS NULL OR year <= (:until)::integer
      ORDER BY index, year DESC) AS d
LEFT JOIN country_value AS v ON v.index = d.index AND v.year = d.year AND v.country = ANY(:countries)
GROUP BY d.index, d.year, d.version
ORDER BY d.index;

-- name: values_of_country
-- Every imported year of every index, with a country's value in it, if it has one.
SELECT d.index, d.year, d.version, v.value FROM country_dataset AS d
LEFT JOIN country_value AS v ON v.index = d.index AND v.year = d.year AND v.country = :country
ORDER BY d.index, d.year;
