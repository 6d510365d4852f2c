-- Suppliers that may be registered twice, and ids that mean another supplier since two were merged.
-- Apart from the tables: a restore moves the tables' schema aside, and may not move an extension.
CREATE SCHEMA IF NOT EXISTS extensions;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA extensions;

-- The name without case, diacritics, punctuation and legal form (domain/names.py); null until it has been made.
ALTER TABLE supplier ADD COLUMN name_key text;
-- With the id, in which order they are looked up: without statistics of a new table PostgreSQL would read all of it.
CREATE INDEX supplier_by_name_key ON supplier (name_key, country, supplier_id);
-- Whose name has to be compared with others': every new one's, every new name's. named: it stands in `compared_name`,
-- so that of two that are compared at once at least one finds the other.
CREATE TABLE uncompared (
    supplier_id uuid PRIMARY KEY,
    named boolean NOT NULL DEFAULT false
);
CREATE INDEX uncompared_by_step ON uncompared (named, supplier_id);
INSERT INTO uncompared (supplier_id) SELECT supplier_id FROM supplier;

-- What is compared of names: `core`, the key without words that tell nobody from others; `found_by`, the words of it that
-- are not of a trade or a place; `numbers`, those in it, for they must be the same. Whom a name may be like begins or ends as
-- it does, and is about as long: an index on either, so that a lookup costs the same however many suppliers there are.
CREATE TABLE compared_name (
    supplier_id uuid PRIMARY KEY,
    country text NOT NULL,
    core text NOT NULL,
    found_by text NOT NULL,
    numbers text NOT NULL,
    size integer NOT NULL GENERATED ALWAYS AS (length(found_by)) STORED
);
CREATE INDEX compared_by_start ON compared_name (country, numbers, left(found_by, 4), size);
CREATE INDEX compared_by_end ON compared_name (country, numbers, right(found_by, 4), size);

CREATE FUNCTION compare_later() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO uncompared (supplier_id) SELECT supplier_id FROM written ORDER BY supplier_id ON CONFLICT (supplier_id) DO UPDATE SET named = false;
    RETURN NULL;
END $$;
CREATE TRIGGER compare_new AFTER INSERT ON supplier REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION compare_later();

CREATE FUNCTION compare_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO uncompared (supplier_id) VALUES (NEW.supplier_id) ON CONFLICT (supplier_id) DO UPDATE SET named = false;
    RETURN NULL;
END $$;
CREATE TRIGGER compare_renamed AFTER UPDATE OF legal_name, country ON supplier
    FOR EACH ROW WHEN ((OLD.legal_name, OLD.country) IS DISTINCT FROM (NEW.legal_name, NEW.country))
    EXECUTE FUNCTION compare_again();

-- What numbers of several schemes say of one firm: SE556543616801 and 0007:5565436168 both mean 5565436168.
CREATE FUNCTION firm_key(scheme text, value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT CASE
    WHEN scheme = 'orgnr' THEN 'SE:' || value
    WHEN scheme = 'vat' AND value ~ '^SE\d{12}$' THEN 'SE:' || substr(value, 3, 10)
    WHEN scheme = 'vat' AND value ~ '^(DK|BE|FI)\d+$' THEN substr(value, 1, 2) || ':' || substr(value, 3)
    WHEN scheme = 'foreign' AND value ~ '^(DK|BE|FI|NO):\d+$' THEN value
    WHEN scheme = 'peppol' AND value ~ '^0007:\d{10}$' THEN 'SE:' || substr(value, 6)
    WHEN scheme = 'peppol' AND value ~ '^9955:SE\d{12}$' THEN 'SE:' || substr(value, 8, 10)
    WHEN scheme = 'peppol' AND value ~ '^0088:\d{13}$' THEN 'gln:' || substr(value, 6)
    WHEN scheme = 'peppol' AND value ~ '^0184:(DK)?\d{8}$' THEN 'DK:' || right(value, 8)
    WHEN scheme = 'peppol' AND value ~ '^0192:\d{9}$' THEN 'NO:' || right(value, 9)
    WHEN scheme = 'peppol' AND value ~ '^(0208|9925):(BE)?\d{10}$' THEN 'BE:' || right(value, 10)
    WHEN scheme = 'peppol' AND value ~ '^(0212|0213):(FI)?\d{8}$' THEN 'FI:' || right(value, 8)
    WHEN scheme = 'peppol' AND value ~ '^0199:\w{20}$' THEN 'lei:' || right(value, 20)
    ELSE scheme || ':' || value
END $$;
-- A region whose own register goes by organisationsnummer; other numbers of regions say nothing of each other.
CREATE FUNCTION firm_key_of_own(number text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT CASE WHEN number ~ '^\s*(16)?\d{2}[2-9]\d{3}-?\d{4}\s*$' THEN 'SE:' || right(regexp_replace(number, '\D', '', 'g'), 10) END
$$;
CREATE INDEX identifier_of_firm ON identifier (firm_key(scheme, value), supplier_id);
CREATE INDEX own_number_of_firm ON own_number (firm_key_of_own(number), supplier_id) WHERE firm_key_of_own(number) IS NOT NULL;

-- Two suppliers that may be one; reasons: what they have in common. A pair that was decided stays decided.
CREATE TABLE duplicate (
    duplicate_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    version integer NOT NULL DEFAULT 1,
    one uuid NOT NULL,
    other uuid NOT NULL CHECK (one < other),
    reasons text[] NOT NULL CHECK (reasons <@ '{identifier,name,similar_name}' AND reasons <> '{}'),
    similarity numeric(4, 3),
    found_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'rejected', 'merged')),
    decided_at timestamptz,
    decided_by text,
    decision_reason text,
    CHECK ((state = 'open') = (decided_at IS NULL)),
    UNIQUE (one, other)
);
CREATE INDEX duplicate_of_other ON duplicate (other);
CREATE INDEX duplicate_by_time ON duplicate (found_at, duplicate_id);

-- An id that means another supplier since the two were merged. Locked whole by a merge (EXCLUSIVE), shared (ROW SHARE)
-- by whoever asks what an id means and then writes: no fact is ever written under an id that was absorbed meanwhile.
CREATE TABLE supplier_alias (
    supplier_id uuid PRIMARY KEY,
    survivor_id uuid NOT NULL REFERENCES supplier,
    merged_at timestamptz NOT NULL
);
CREATE INDEX alias_of_survivor ON supplier_alias (survivor_id, supplier_id);
-- Who has ever absorbed others: what a resync tells of merges, also of one that was taken apart.
CREATE TABLE survivor (supplier_id uuid PRIMARY KEY);

-- The other number of a scheme, of a supplier that was absorbed: it still finds the one that has it now.
ALTER TABLE identifier ADD COLUMN former boolean NOT NULL DEFAULT false;
ALTER TABLE identifier DROP CONSTRAINT identifier_supplier_id_scheme_key;
CREATE UNIQUE INDEX identifier_of_supplier ON identifier (supplier_id, scheme) WHERE NOT former;
CREATE INDEX identifier_by_supplier ON identifier (supplier_id); -- of all, former ones too: both are looked up

-- The view as it is, without former numbers, and with the ids that mean the supplier.
DO $$
DECLARE
    was text := pg_get_viewdef('whole_supplier'::regclass);
    now text := regexp_replace(
        replace(was, 'WHERE (i.supplier_id = s.supplier_id)', 'WHERE (i.supplier_id = s.supplier_id AND NOT i.former)'),
        '\s+FROM supplier s;$',
        ', ARRAY(SELECT a.supplier_id FROM supplier_alias AS a WHERE a.survivor_id = s.supplier_id
                 ORDER BY a.supplier_id) AS merged_ids
         FROM supplier s');
BEGIN
    ASSERT now LIKE '%i.former%merged_ids%';
    EXECUTE 'CREATE OR REPLACE VIEW whole_supplier AS ' || now;
END $$;
