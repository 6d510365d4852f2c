-- A supplier's headline, the band of its worst case, kept beside the cases: lists ask for it among a million suppliers, and
-- so do the gauges; to look for it among each supplier's cases is what took longest. It has the name, so that an index gives
-- those of a band in the order of names. `band` null: no case has a score at the moment.
CREATE TABLE headline (
    supplier_id uuid PRIMARY KEY,
    band text CHECK (band IN ('no_data', 'very_low', 'low', 'medium', 'high', 'very_high')),
    legal_name text COLLATE "sv-x-icu" NOT NULL
);

-- Nobody writes cases or names until this is done: some seconds for a million suppliers.
LOCK TABLE supplier, risk_case IN SHARE ROW EXCLUSIVE MODE;

-- The worst of bands, nulls aside; null: there is none.
CREATE FUNCTION worst_band(bands text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE
    WHEN 'very_high' = ANY(bands) THEN 'very_high'
    WHEN 'high' = ANY(bands) THEN 'high'
    WHEN 'medium' = ANY(bands) THEN 'medium'
    WHEN 'low' = ANY(bands) THEN 'low'
    WHEN 'very_low' = ANY(bands) THEN 'very_low'
    WHEN 'no_data' = ANY(bands) THEN 'no_data'
END
$$;

-- Find the headlines of suppliers (sorted ids) anew, in this order: whoever has changed one of two cases waits here for whoever
-- has changed the other, and then sees both. Who gets here holds a case of each: cases are locked before headlines.
CREATE FUNCTION find_headlines(touched uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO headline (supplier_id, legal_name)
    SELECT s.supplier_id, s.legal_name FROM unnest(touched) AS t (supplier_id) JOIN supplier AS s USING (supplier_id)
    WHERE NOT EXISTS (SELECT FROM headline AS h WHERE h.supplier_id = t.supplier_id)
      AND EXISTS (SELECT FROM risk_case AS c WHERE c.supplier_id = t.supplier_id AND c.band IS NOT NULL)
    ORDER BY s.supplier_id
    ON CONFLICT DO NOTHING;
    PERFORM FROM headline WHERE supplier_id = ANY(touched) ORDER BY supplier_id FOR NO KEY UPDATE;
    UPDATE headline AS h SET band = now_.band
    FROM (SELECT t.supplier_id, worst_band(ARRAY(SELECT c.band FROM risk_case AS c WHERE c.supplier_id = t.supplier_id)) AS band
          FROM unnest(touched) AS t (supplier_id)) AS now_
    WHERE h.supplier_id = now_.supplier_id AND h.band IS DISTINCT FROM now_.band;
END $$;

-- Cases are written in several places, and none of them may forget the headline. A wave writes thousands at once, and few of them
-- change their band: only these cost anything. They are noted, and found together when the statement has ended: sorted; of many a
-- hundred at a time, since a note is written anew for each that joins it.
CREATE FUNCTION find_noted(noted text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('kedja.touched', '', true);
    PERFORM find_headlines(ARRAY(SELECT DISTINCT id::uuid FROM unnest(string_to_array(noted, ' ')) AS t (id) ORDER BY 1));
END $$;
CREATE FUNCTION note_band() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    noted text := concat_ws(' ', nullif(current_setting('kedja.touched', true), ''),
        OLD.supplier_id, nullif(NEW.supplier_id, OLD.supplier_id));
BEGIN
    IF length(noted) > 4000 THEN
        PERFORM find_noted(noted);
    ELSE
        PERFORM set_config('kedja.touched', noted, true);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION find_rest() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    noted text := current_setting('kedja.touched', true);
BEGIN
    IF noted <> '' THEN
        PERFORM find_noted(noted);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER band_made AFTER INSERT ON risk_case FOR EACH ROW WHEN (NEW.band IS NOT NULL) EXECUTE FUNCTION note_band();
CREATE TRIGGER band_changed AFTER UPDATE ON risk_case FOR EACH ROW
    WHEN (OLD.band IS DISTINCT FROM NEW.band OR OLD.supplier_id <> NEW.supplier_id) EXECUTE FUNCTION note_band();
CREATE TRIGGER band_gone AFTER DELETE ON risk_case FOR EACH ROW WHEN (OLD.band IS NOT NULL) EXECUTE FUNCTION note_band();
CREATE TRIGGER bands_noted AFTER INSERT OR UPDATE OR DELETE ON risk_case FOR EACH STATEMENT EXECUTE FUNCTION find_rest();

-- At the end of the transaction: who changes a name may lock cases after that, which come before headlines.
CREATE FUNCTION note_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO headline (supplier_id, legal_name) SELECT supplier_id, legal_name FROM supplier WHERE supplier_id = NEW.supplier_id
    ON CONFLICT (supplier_id) DO UPDATE SET legal_name = excluded.legal_name;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER name_changed AFTER UPDATE OF legal_name ON supplier DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.legal_name IS DISTINCT FROM NEW.legal_name) EXECUTE FUNCTION note_name();

INSERT INTO headline (supplier_id, band, legal_name)
SELECT c.supplier_id, worst_band(array_agg(c.band)), s.legal_name
FROM risk_case AS c JOIN supplier AS s USING (supplier_id)
WHERE c.band IS NOT NULL
GROUP BY c.supplier_id, s.legal_name
ORDER BY c.supplier_id;

CREATE INDEX headline_by_band ON headline (band, supplier_id);
CREATE INDEX headline_by_name ON headline (band, legal_name, supplier_id);

-- Who buys in a category is read off the index, and with which regions.
CREATE INDEX contract_of_category ON contract (category_id, supplier_id) INCLUDE (regions);
DROP INDEX contract_category;
