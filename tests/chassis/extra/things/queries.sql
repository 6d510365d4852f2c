-- What the tests' own service does to its tables.

-- name: count_things!
-- Count each thing on; sorted, so that two writers cannot deadlock.
INSERT INTO thing AS t (name)
SELECT name FROM unnest((:names)::text[]) AS name ORDER BY name
ON CONFLICT (name) DO UPDATE SET times = t.times + 1;

-- name: list_things
-- How often each thing was handled.
SELECT name, times FROM thing;

-- name: hold^
-- Wait for a lock that a test holds: a handler that is as slow as the test wants.
SELECT pg_advisory_xact_lock(:key);

-- name: insert_item!
-- A new item; counts 0 where there is one of that name.
INSERT INTO item (name, note, region, rank) VALUES (:name, :note, :region, :rank) ON CONFLICT DO NOTHING;

-- name: item^
-- An item.
SELECT * FROM item WHERE name = :name;

-- name: list_items
-- Items that the filter lets through.
SELECT * FROM item WHERE (:region)::text IS NULL OR region = :region;

-- name: save_item!
-- Create an item, or change the known version; counts 0 where somebody was faster.
INSERT INTO item AS i (name, note, region, rank) VALUES (:name, :note, :region, :rank)
ON CONFLICT (name) DO UPDATE
SET note = excluded.note, region = excluded.region, rank = excluded.rank, version = i.version + 1
WHERE i.version = :known;

-- name: delete_item!
-- Remove an item.
DELETE FROM item WHERE name = :name;
