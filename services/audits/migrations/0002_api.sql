-- What the API promises: versions for those who edit, and orders that a list can be walked in.
ALTER TABLE auditor ADD COLUMN version integer NOT NULL DEFAULT 1;
CREATE INDEX audit_by_due ON audit (due_on, audit_id);
CREATE INDEX audit_by_start ON audit (starts_on, audit_id);
