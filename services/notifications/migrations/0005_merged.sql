-- Suppliers that others were merged into: all ids that mean each of them, as suppliers told last.
CREATE TABLE merged (
    supplier_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    absorbed_ids uuid[] NOT NULL
);
CREATE INDEX merged_absorbed ON merged USING gin (absorbed_ids);

-- Of whom an event was, if that supplier was merged into another.
ALTER TABLE occasion ADD COLUMN made_for uuid;
