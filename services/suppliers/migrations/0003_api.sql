-- What the API promises: versions for those who edit, and orders that a list can be walked in.

-- The version of the editable part: +1 per change of it. What follows from events never touches it.
ALTER TABLE supplier ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE category ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE country_dataset ADD COLUMN version integer NOT NULL DEFAULT 1;

-- Names sort as a Swedish reader expects: å, ä, ö last.
ALTER TABLE supplier ALTER COLUMN legal_name TYPE text COLLATE "sv-x-icu";
CREATE INDEX supplier_by_name ON supplier (legal_name, supplier_id);
CREATE INDEX supplier_by_registration ON supplier (registered_at, supplier_id);
CREATE INDEX contract_category ON contract (category_id, supplier_id);
