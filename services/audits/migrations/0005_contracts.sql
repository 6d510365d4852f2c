-- Whether a decision was made of a case that no contract is left of.
ALTER TABLE decision ADD COLUMN without_contract boolean NOT NULL DEFAULT false;

-- Whoever decides on a case of a supplier that is not told of yet makes it: null.
ALTER TABLE supplier ALTER regions DROP NOT NULL;

-- Suppliers that were told of, or merged, and whose decisions have not been looked at since. told_by: the last event that told.
CREATE TABLE unchecked (
    supplier_id uuid PRIMARY KEY,
    told_by uuid
);
INSERT INTO unchecked (supplier_id)
SELECT supplier_id FROM audit WHERE ended_on IS NULL
UNION
SELECT supplier_id FROM decision WHERE effect = 'opened' AND outcome IN ('dialogue', 'transparency_request') AND ended_on IS NULL;
