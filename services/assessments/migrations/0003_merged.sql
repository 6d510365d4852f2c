-- Suppliers that others were merged into: all ids that mean each of them, as suppliers told last.
CREATE TABLE merged (
    supplier_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    absorbed_ids uuid[] NOT NULL
);
CREATE INDEX merged_absorbed ON merged USING gin (absorbed_ids);

-- Of whom an assessment was, if that supplier was merged into another. Then a case may have two of one year.
ALTER TABLE assessment ADD COLUMN made_for uuid;
ALTER TABLE assessment DROP CONSTRAINT assessment_supplier_id_category_id_year_key;
CREATE UNIQUE INDEX assessment_one_a_year ON assessment (supplier_id, category_id, year, coalesce(made_for, supplier_id));
