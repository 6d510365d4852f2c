-- What the tests' own service does to its tables.

-- name: count_things!
-- Count each thing on; sorted, so that two writers cannot deadlock.
INSERT INTO thing AS t (name)
SELECT name FROM unnest((:names)::text[]) AS name ORDER BY name
ON CONFLICT (name) DO UPDATE SET times = t.times + 1;

-- name: list_things
-- How often each thing was handled.
SELECT name, times FROM thing ORDER BY name;

-- name: hold^
-- Wait for a lock that a test holds: a handler that is as slow as the test wants.
SELECT pg_advisory_xact_lock(:key);
