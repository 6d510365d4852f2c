-- name: listed
-- What a list of suppliers is kept in order by.
SELECT supplier_id, legal_name, registered_at FROM supplier;

-- name: unfiltered
-- What `found` lets through where nothing is asked.
SELECT supplier_id, legal_name, registered_at FROM supplier WHERE status <> 'archived';

-- name: of_band
-- What `found` lets through where a band is all that is asked, of all cases: an index knows them in each order.
SELECT h.supplier_id, h.legal_name FROM headline AS h JOIN supplier AS s USING (supplier_id)
WHERE h.band = :band AND s.status <> 'archived';

-- name: of_category
-- Who has contracts of a category: an index gives them in the order of ids.
SELECT supplier_id FROM contract WHERE category_id = :category_id;

-- name: in_category
-- What `found` lets through of these where nothing but a category, a region and a band is asked, of all cases.
SELECT k.supplier_id
FROM (SELECT DISTINCT supplier_id FROM contract
      WHERE category_id = :category_id AND ((:region)::text IS NULL OR (:region)::text = ANY(regions))) AS k
JOIN supplier AS s USING (supplier_id)
LEFT JOIN headline AS h ON h.supplier_id = k.supplier_id AND h.band = :band
WHERE s.status <> 'archived' AND ((:band)::text IS NULL OR h.supplier_id IS NOT NULL);

-- name: is_frequent$
-- Whether more suppliers than so many have a band.
SELECT count(*) > :most FROM (SELECT FROM headline WHERE band = :band LIMIT :most + 1) AS first;

-- name: in_band
-- The suppliers of a band.
SELECT h.supplier_id FROM headline AS h WHERE h.band = :band;

-- name: found
-- The suppliers that every filter lets through. `by_index`: what they have in common is read off the one index that
-- knows all of it; else each supplier is looked at, which is cheaper where many are let through. What an index
-- could read is said apart from what is meant, so that it is read only then. `own_region`, `own_area`: of a caller who is
-- limited to it the cases that are its own decide, of others the headline, and a region finds those that the caller is shown
-- whole (who has no contract has none of a region's either: own numbers tell nothing here). Who has contracts of one category only has those of a region in it. `late`: the headline is looked at later.
SELECT s.supplier_id, s.legal_name, s.registered_at
FROM supplier AS s
LEFT JOIN headline AS h ON NOT :late AND coalesce((:own_region)::text, :own_area) IS NULL AND h.supplier_id = s.supplier_id AND h.band = :band
LEFT JOIN cases_within(:own_region, :own_area) AS c
    ON coalesce((:own_region)::text, :own_area) IS NOT NULL AND c.supplier_id = s.supplier_id AND c.band = :band
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
  AND ((:category_id)::text IS NULL OR (:region)::text IS NULL OR cardinality(s.categories) = 1 OR EXISTS (
      SELECT FROM contract AS k WHERE k.supplier_id = s.supplier_id
        AND k.category_id = :category_id AND (:region)::text = ANY(k.regions)))
  AND ((:region)::text IS NULL OR (:own_region)::text IS NULL OR (:own_region)::text = ANY(s.regions))
  AND ((:region)::text IS NULL OR (:own_area)::text IS NULL OR EXISTS (
      SELECT FROM contract AS k JOIN category AS g USING (category_id)
      WHERE k.supplier_id = s.supplier_id AND g.effective_area = :own_area))
  AND (NOT :by_index OR (:band)::text IS NULL OR (:own_region)::text IS NULL OR s.regions @> ARRAY[(:own_region)::text])
  AND ((:scheme)::text IS NULL OR s.supplier_id = (
      SELECT i.supplier_id FROM identifier AS i WHERE i.scheme = :scheme AND i.value = :number))
  AND (CASE WHEN (:band)::text IS NULL THEN true
       WHEN coalesce((:own_region)::text, :own_area) IS NULL THEN :late OR h.supplier_id IS NOT NULL
       ELSE c.supplier_id IS NOT NULL AND NOT EXISTS (
           SELECT FROM cases_within(:own_region, :own_area) AS w WHERE w.supplier_id = c.supplier_id
             AND (w.band = ANY((:worse)::text[]) OR w.band = c.band AND w.category_id < c.category_id)) END);

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
