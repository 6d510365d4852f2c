-- name: listed
-- What a list of suppliers is kept in order by.
SELECT supplier_id, legal_name, registered_at FROM supplier;

-- name: unfiltered
-- What `found` lets through where nothing is asked.
SELECT supplier_id, legal_name, registered_at FROM supplier WHERE status <> 'archived';

-- name: found
-- The suppliers that every filter lets through. `by_index`: what they have in common is read off the one index that
-- knows all of it; else each supplier is looked at, which is cheaper where many are let through. What an index
-- could read is said apart from what is meant, so that it is read only then. `own_region`, `own_area`: of a caller who is
-- limited to it the cases that are its own decide, and a region finds those that the caller is shown whole.
SELECT s.supplier_id, s.legal_name, s.registered_at
FROM supplier AS s
LEFT JOIN cases_within(:own_region, :own_area) AS c ON c.supplier_id = s.supplier_id AND c.band = :band
WHERE ((:name)::text IS NULL OR strpos(s.name_folded, name_folded(:name)) > 0)
  AND ((:category_id)::text IS NULL OR (:category_id)::text = ANY(s.categories))
  AND ((:region)::text IS NULL OR (:region)::text = ANY(s.regions))
  AND ((:country)::text IS NULL OR s.country = :country)
  AND (CASE WHEN (:status)::text IS NULL THEN s.status <> 'archived' OR (:scheme)::text IS NOT NULL ELSE s.status = :status END)
  AND (NOT :by_index OR (:name)::text IS NULL OR name_trigrams(s.name_folded) @> name_probes(name_folded(:name)))
  AND (NOT :by_index OR (:category_id)::text IS NULL OR s.categories @> ARRAY[(:category_id)::text])
  AND (NOT :by_index OR (:region)::text IS NULL OR s.regions @> ARRAY[(:region)::text])
  AND (NOT :by_index OR (:country)::text IS NULL OR ARRAY[s.country, s.status] @> ARRAY[(:country)::text])
  AND (NOT :by_index OR (:status)::text IS NULL OR ARRAY[s.country, s.status] @> ARRAY[(:status)::text])
  AND ((:category_id)::text IS NULL OR (:region)::text IS NULL OR EXISTS (
      SELECT FROM contract AS k WHERE k.supplier_id = s.supplier_id
        AND k.category_id = :category_id AND (:region)::text = ANY(k.regions)))
  AND ((:region)::text IS NULL OR (:own_region)::text IS NULL OR (:own_region)::text = ANY(s.regions) OR EXISTS (
      SELECT FROM own_number AS o WHERE o.supplier_id = s.supplier_id AND o.region = :own_region))
  AND ((:region)::text IS NULL OR (:own_area)::text IS NULL OR EXISTS (
      SELECT FROM contract AS k JOIN category AS g USING (category_id)
      WHERE k.supplier_id = s.supplier_id AND g.effective_area = :own_area))
  AND (NOT :by_index OR (:band)::text IS NULL OR (:own_region)::text IS NULL OR s.regions @> ARRAY[(:own_region)::text])
  AND ((:scheme)::text IS NULL OR s.supplier_id = (
      SELECT i.supplier_id FROM identifier AS i WHERE i.scheme = :scheme AND i.value = :number))
  AND ((:band)::text IS NULL OR c.supplier_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM cases_within(:own_region, :own_area) AS w WHERE w.supplier_id = c.supplier_id
        AND (w.band = ANY((:worse)::text[]) OR w.band = c.band AND w.category_id < c.category_id)));

-- name: own_numbers
-- Which suppliers a region's own numbers mean, in the order in which they are asked.
SELECT asked.number, o.supplier_id
FROM unnest((:numbers)::text[]) WITH ORDINALITY AS asked (number, position)
LEFT JOIN own_number AS o ON o.region = :region AND o.number = asked.number
ORDER BY asked.position;

-- name: identified
-- Which suppliers have the named numbers.
SELECT i.scheme, i.value, i.supplier_id
FROM jsonb_populate_recordset(NULL::identifier, (:keys)::jsonb) AS k
JOIN identifier AS i USING (scheme, value);
