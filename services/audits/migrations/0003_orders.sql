-- Orders that a list can be walked in; names sort as a Swedish reader expects: å, ä, ö last.
ALTER TABLE auditor ALTER COLUMN name TYPE text COLLATE "sv-x-icu";
CREATE INDEX auditor_by_name ON auditor (name, auditor_id);
CREATE INDEX risk_case_by_time ON risk_case (as_of, case_id) WHERE version > 0;
