-- name: find
-- Candidates among all suppliers for the named ones: by what numbers say of a firm, and by equal names in a country.
-- A pair that was decided stays as it is. Sorted: two writers cannot deadlock. Returns the pairs that are new or different.
WITH met AS (
    SELECT f.supplier_id AS a, o.supplier_id AS b, 'identifier' AS reason
    FROM (
        SELECT supplier_id, firm_key(scheme, value) AS firm FROM identifier WHERE supplier_id = ANY((:supplier_ids)::uuid[])
        UNION ALL
        SELECT supplier_id, firm_key_of_own(number) FROM own_number WHERE supplier_id = ANY((:supplier_ids)::uuid[])
    ) AS f CROSS JOIN LATERAL (
        (SELECT supplier_id FROM identifier
         WHERE firm_key(scheme, value) = f.firm AND supplier_id <> f.supplier_id ORDER BY supplier_id LIMIT :most)
        UNION ALL
        (SELECT supplier_id FROM own_number
         WHERE firm_key_of_own(number) = f.firm AND supplier_id <> f.supplier_id ORDER BY supplier_id LIMIT :most)) AS o
    UNION ALL
    SELECT s.supplier_id, o.supplier_id, 'name'
    FROM supplier AS s CROSS JOIN LATERAL (
        SELECT supplier_id FROM supplier AS n
        WHERE n.name_key = s.name_key AND n.country = s.country AND n.supplier_id <> s.supplier_id
        ORDER BY n.supplier_id LIMIT :most) AS o
    WHERE s.supplier_id = ANY((:supplier_ids)::uuid[])
), pairs AS (
    SELECT least(a, b) AS one, greatest(a, b) AS other, array_agg(DISTINCT reason ORDER BY reason) AS reasons
    FROM met GROUP BY 1, 2
)
INSERT INTO duplicate AS d (one, other, reasons, found_at)
SELECT one, other, reasons, (:now)::timestamptz FROM pairs ORDER BY one, other
ON CONFLICT (one, other) DO UPDATE
SET version = d.version + 1,
    reasons = (SELECT array_agg(DISTINCT r ORDER BY r) FROM unnest(d.reasons || excluded.reasons) AS r)
WHERE d.state = 'open' AND NOT d.reasons @> excluded.reasons
RETURNING duplicate_id, CASE version WHEN 1 THEN 'created' ELSE 'changed' END AS kind;

-- name: save_alike
-- Candidates by similar names; as above. Of one name they are that already.
INSERT INTO duplicate AS d (one, other, reasons, similarity, found_at)
SELECT one, other, '{similar_name}', similarity, (:now)::timestamptz
FROM jsonb_populate_recordset(NULL::duplicate, (:rows)::jsonb) ORDER BY one, other
ON CONFLICT (one, other) DO UPDATE
SET version = d.version + 1, similarity = excluded.similarity,
    reasons = (SELECT array_agg(DISTINCT r ORDER BY r) FROM unnest(d.reasons || excluded.reasons) AS r)
WHERE d.state = 'open' AND NOT d.reasons && '{name,similar_name}'
RETURNING duplicate_id, CASE version WHEN 1 THEN 'created' ELSE 'changed' END AS kind;

-- name: claim_unnamed
-- Some suppliers whose new names nobody else is writing down.
UPDATE uncompared AS u SET named = true FROM (
    SELECT supplier_id FROM uncompared WHERE NOT named ORDER BY supplier_id LIMIT :limit FOR UPDATE SKIP LOCKED) AS c
WHERE u.supplier_id = c.supplier_id
RETURNING u.supplier_id;

-- name: names
-- Names and their keys.
SELECT supplier_id, legal_name, name_key, country FROM supplier WHERE supplier_id = ANY((:supplier_ids)::uuid[])
ORDER BY supplier_id;

-- name: save_keys!
-- Keys that are not there yet, or of another name.
UPDATE supplier AS s SET name_key = r.name_key
FROM (SELECT supplier_id, name_key FROM jsonb_populate_recordset(NULL::supplier, (:rows)::jsonb)
      ORDER BY supplier_id) AS r
WHERE s.supplier_id = r.supplier_id;

-- name: save_names!
-- What is compared of names.
INSERT INTO compared_name AS n (supplier_id, country, core, found_by, numbers)
SELECT supplier_id, country, core, found_by, numbers FROM jsonb_populate_recordset(NULL::compared_name, (:rows)::jsonb)
ORDER BY supplier_id
ON CONFLICT (supplier_id) DO UPDATE
SET country = excluded.country, core = excluded.core, found_by = excluded.found_by, numbers = excluded.numbers;

-- name: claim_uncompared
-- Some suppliers whose names can be compared, and that no other replica works on; given back by a rollback.
DELETE FROM uncompared WHERE supplier_id IN (
    SELECT supplier_id FROM uncompared WHERE named ORDER BY supplier_id LIMIT :limit FOR UPDATE SKIP LOCKED)
RETURNING supplier_id;

-- name: near
-- The nearest names in the same country, with the same numbers, that begin or end alike and are about as long; at most
-- `block` of those that begin, or end, so are looked at.
SELECT s.supplier_id, (SELECT name_key FROM supplier WHERE supplier_id = s.supplier_id) AS name_key,
       o.supplier_id AS other_id, (SELECT name_key FROM supplier WHERE supplier_id = o.supplier_id) AS other_key
FROM compared_name AS s CROSS JOIN LATERAL (
    SELECT n.supplier_id, n.core, n.found_by FROM (
        (SELECT supplier_id, core, found_by FROM compared_name
         WHERE country = s.country AND numbers = s.numbers AND left(found_by, 4) = left(s.found_by, 4)
           AND size BETWEEN s.size * 4 / 5 AND s.size * 5 / 4 + 1 LIMIT :block)
        UNION ALL
        (SELECT supplier_id, core, found_by FROM compared_name
         WHERE country = s.country AND numbers = s.numbers AND right(found_by, 4) = right(s.found_by, 4)
           AND size BETWEEN s.size * 4 / 5 AND s.size * 5 / 4 + 1 LIMIT :block)
    ) AS n
    WHERE n.supplier_id <> s.supplier_id AND extensions.similarity(n.found_by, s.found_by) >= (:nearness)::real
    ORDER BY extensions.similarity(n.core, s.core) DESC LIMIT :most) AS o
WHERE s.supplier_id = ANY((:supplier_ids)::uuid[]) AND length(s.core) >= :shortest;

-- name: duplicates
-- Pairs: one, or those that every filter lets through.
SELECT d.*, a.legal_name AS one_name, b.legal_name AS other_name
FROM duplicate AS d
LEFT JOIN supplier AS a ON a.supplier_id = d.one
LEFT JOIN supplier AS b ON b.supplier_id = d.other
WHERE ((:duplicate_id)::uuid IS NULL OR d.duplicate_id = :duplicate_id)
  AND ((:state)::text IS NULL OR d.state = :state)
  AND ((:reason)::text IS NULL OR (:reason)::text = ANY(d.reasons))
  AND ((:supplier_id)::uuid IS NULL OR (:supplier_id)::uuid IN (d.one, d.other));

-- name: lock_duplicate^
-- A pair, held until the transaction ends.
SELECT * FROM duplicate WHERE duplicate_id = :duplicate_id FOR NO KEY UPDATE;

-- name: decide!
-- What a person decided of a pair that this transaction holds.
UPDATE duplicate
SET version = version + 1, state = :state, decided_at = :now, decided_by = :by, decision_reason = :reason
WHERE duplicate_id = :duplicate_id;

-- name: counts
-- How many pairs there are in each state.
SELECT state, count(*) AS pairs FROM duplicate GROUP BY state;

-- name: count_uncompared$
-- How many suppliers' names have not been compared yet.
SELECT count(*) FROM uncompared;
