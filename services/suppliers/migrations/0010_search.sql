-- The view as it is, with what has become of a supplier, and with the areas that answer for its contracts' categories:
-- what a caller may see of it follows from them.
DO $$
DECLARE
    was text := pg_get_viewdef('whole_supplier'::regclass);
    now text := regexp_replace(was, '\s+FROM supplier s;$', ', s.status_reason, s.status_since,
       ARRAY(SELECT DISTINCT g.effective_area FROM contract AS k JOIN category AS g USING (category_id)
             WHERE k.supplier_id = s.supplier_id AND g.effective_area IS NOT NULL ORDER BY 1) AS areas
       FROM supplier s');
BEGIN
    ASSERT now LIKE '%AS areas%';
    EXECUTE 'CREATE OR REPLACE VIEW whole_supplier AS ' || now;
END $$;

-- Finding suppliers among a million, by a part of the name and by what they are, in tens of milliseconds.

-- A name as it is searched for: in lower case, without accents that a Swedish reader does not count as letters of
-- their own (å, ä, ö are; æ and ø stand for ä and ö).
CREATE FUNCTION name_folded(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
SELECT CASE
    WHEN name ~ '^[ -~åäöÅÄÖ]*$' THEN lower(name COLLATE "und-x-icu") -- as most are: to look for more is what costs
    ELSE translate(
        lower(normalize(name, NFKC) COLLATE "und-x-icu"),
        'áàâãāăąçćčďđèéêëēėęěğìíîïīįıķłľļñńňņòóôõōőŕřśšşșťțţùúûüūůűųýÿźžżæø',
        'aaaaaaacccddeeeeeeeegiiiiiiiklllnnnnoooooorrsssstttuuuuuuuuyyzzzäö')
END
$$;

-- Every three letters in a row, for an index; costly, so that it is read from the index and not computed by row.
CREATE FUNCTION name_trigrams(folded text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT COST 10000 AS $$
SELECT ARRAY(SELECT substr(folded, i, 3) FROM generate_series(1, length(folded) - 2) AS i)
$$;

-- At most four of a fragment's, from its beginning to its end: more would be more to read, and tell hardly more.
CREATE FUNCTION name_probes(folded text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
SELECT ARRAY(SELECT DISTINCT substr(folded, 1 + i * (length(folded) - 3) / 3, 3) FROM generate_series(0, 3) AS i)
$$;

-- This writes the table anew, once: some ten seconds for a million suppliers.
ALTER TABLE supplier ADD COLUMN name_folded text COLLATE "C" GENERATED ALWAYS AS (name_folded(legal_name)) STORED;
ALTER TABLE supplier ADD COLUMN categories text[] NOT NULL DEFAULT '{}';
ALTER TABLE supplier ADD COLUMN regions text[] NOT NULL DEFAULT '{}';

-- The categories and regions of a supplier's contracts, beside its name, so that one index knows all of them.
-- A trigger, because contracts are written in several places, and none of them may forget it.
CREATE FUNCTION note_contracts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched uuid[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        touched := ARRAY(SELECT DISTINCT supplier_id FROM written ORDER BY supplier_id);
    ELSIF TG_OP = 'DELETE' THEN
        touched := ARRAY(SELECT DISTINCT supplier_id FROM was ORDER BY supplier_id);
    ELSE
        touched := ARRAY(SELECT supplier_id FROM written UNION SELECT supplier_id FROM was ORDER BY supplier_id);
    END IF;
    UPDATE supplier AS s SET categories = now_.categories, regions = now_.regions
    FROM (SELECT t.supplier_id,
                 ARRAY(SELECT DISTINCT k.category_id FROM contract AS k
                       WHERE k.supplier_id = t.supplier_id ORDER BY 1) AS categories,
                 ARRAY(SELECT DISTINCT r FROM contract AS k, unnest(k.regions) AS r
                       WHERE k.supplier_id = t.supplier_id ORDER BY 1) AS regions
          FROM unnest(touched) AS t (supplier_id)) AS now_
    WHERE s.supplier_id = now_.supplier_id
      AND (s.categories, s.regions) IS DISTINCT FROM (now_.categories, now_.regions);
    RETURN NULL;
END $$;

CREATE TRIGGER contract_made AFTER INSERT ON contract
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_contracts();
CREATE TRIGGER contract_changed AFTER UPDATE ON contract
    REFERENCING OLD TABLE AS was NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_contracts();
CREATE TRIGGER contract_gone AFTER DELETE ON contract
    REFERENCING OLD TABLE AS was FOR EACH STATEMENT EXECUTE FUNCTION note_contracts();

UPDATE supplier AS s
SET categories = ARRAY(SELECT DISTINCT k.category_id FROM contract AS k
                       WHERE k.supplier_id = s.supplier_id ORDER BY 1),
    regions = ARRAY(SELECT DISTINCT r FROM contract AS k, unnest(k.regions) AS r
                    WHERE k.supplier_id = s.supplier_id ORDER BY 1);

-- The cases that are a region's (it has a contract in them) or an area's (it answers for their category); of nulls: all.
-- Written so that it is inlined: a call costs what its conditions do. OFFSET 0: contracts are looked up by case; all of a
-- region's would be read first, where many cases are asked about and few are shown.
CREATE FUNCTION cases_within(own_region text, own_area text) RETURNS SETOF risk_case LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT c.* FROM risk_case AS c
WHERE (own_region IS NULL OR EXISTS (
      SELECT FROM contract AS k WHERE (k.supplier_id, k.category_id) = (c.supplier_id, c.category_id)
        AND own_region = ANY(k.regions) OFFSET 0))
  AND (own_area IS NULL OR EXISTS (
      SELECT FROM category AS g WHERE g.category_id = c.category_id AND g.effective_area = own_area))
$$;

-- One index for every filter, so that what few suppliers have in common is found without looking at the others.
-- What waits to be sorted into it is read by every search: little may wait.
CREATE INDEX supplier_search ON supplier
    USING gin (name_trigrams(name_folded), categories, regions, (ARRAY[country, status]))
    WITH (gin_pending_list_limit = 1024);
