-- Categories below others, decisions of priority, and every version of a risk analysis.

ALTER TABLE category ADD COLUMN parent_id text REFERENCES category;
CREATE INDEX category_parent ON category (parent_id);

-- Who answers for it: its own area, else the nearest one above that has one; null: the national office.
ALTER TABLE category ADD COLUMN effective_area text CHECK (effective_area ~ '^[A-H]$');
UPDATE category SET effective_area = responsible_area;

-- The row's own; those below it are settled by the query of that name. A trigger, so that what the release before
-- writes meanwhile has it too.
CREATE FUNCTION settle_own_area() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.effective_area := coalesce(
        NEW.responsible_area, (SELECT p.effective_area FROM category AS p WHERE p.category_id = NEW.parent_id));
    RETURN NEW;
END $$;
CREATE TRIGGER settle_own_area BEFORE INSERT OR UPDATE OF responsible_area, parent_id ON category
FOR EACH ROW EXECUTE FUNCTION settle_own_area();

-- The version of the analysis, which scores name. `analysis` stays what scores are computed from; why it says so stands
-- in `grounds`, one entry per area: {reasons, sources} or null.
ALTER TABLE category ADD COLUMN analysis_version integer NOT NULL DEFAULT 1;
ALTER TABLE category ADD COLUMN grounds jsonb NOT NULL DEFAULT '[null, null, null, null]'
    CHECK (jsonb_array_length(grounds) = 4);

-- An analysis with what it stands on, one entry per area, null where none was made.
CREATE FUNCTION grounded(analysis jsonb, grounds jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_agg(
        CASE jsonb_typeof(a.entry)
            WHEN 'null' THEN a.entry
            ELSE '{"reasons": null, "sources": []}' || a.entry || coalesce(nullif(g.entry, 'null'), '{}')
        END ORDER BY a.position)
    FROM jsonb_array_elements(analysis) WITH ORDINALITY AS a (entry, position)
    JOIN jsonb_array_elements(grounds) WITH ORDINALITY AS g (entry, position) USING (position)
$$;

-- Every version, with who wrote it (the token's subject) and when; null: before this was kept.
CREATE TABLE category_analysis (
    category_id text NOT NULL REFERENCES category,
    version integer NOT NULL,
    analysis jsonb NOT NULL CHECK (jsonb_array_length(analysis) = 4),
    changed_by text,
    changed_at timestamptz,
    PRIMARY KEY (category_id, version)
);
INSERT INTO category_analysis (category_id, version, analysis)
SELECT category_id, analysis_version, grounded(analysis, grounds) FROM category ORDER BY category_id;

-- Who gave a category priority in a year, and when; category.prioritised_years says the same in short, for events.
CREATE TABLE category_priority (
    category_id text NOT NULL REFERENCES category,
    year integer NOT NULL,
    version integer NOT NULL DEFAULT 1,
    decided_by text,
    decided_on date,
    note text,
    PRIMARY KEY (category_id, year)
);
INSERT INTO category_priority (category_id, year)
SELECT DISTINCT category_id, year FROM category, unnest(prioritised_years) AS year ORDER BY category_id, year;

CREATE VIEW whole_category AS
SELECT category_id, version, names, parent_id, responsible_area, effective_area, prioritised_years, cpv_prefixes,
       grounded(analysis, grounds) AS analysis, analysis_version
FROM category;
