-- Suppliers that others were merged into: all ids that mean each of them, as suppliers told last.
CREATE TABLE merged (
    supplier_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    absorbed_ids uuid[] NOT NULL
);
CREATE INDEX merged_absorbed ON merged USING gin (absorbed_ids);

-- Of whom an audit or a decision was, if that supplier was merged into another. Then a case may have two open audits.
ALTER TABLE audit ADD COLUMN made_for uuid;
ALTER TABLE decision ADD COLUMN made_for uuid;
DROP INDEX audit_one_open_per_case;
CREATE UNIQUE INDEX audit_one_open_per_case ON audit (supplier_id, category_id, coalesce(made_for, supplier_id)) WHERE ended_on IS NULL;
