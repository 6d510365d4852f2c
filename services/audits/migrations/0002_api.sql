-- What the API promises: to each their own, versions for those who edit, and orders that a list can be walked in.

-- Whose a case is: the regions that have a contract in it, {category_id: [county codes]}, and its category's area.
CREATE TABLE supplier (
    supplier_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    regions jsonb NOT NULL
);
CREATE TABLE category (
    category_id text PRIMARY KEY,
    version bigint NOT NULL,
    responsible_area text
);
CREATE INDEX audit_of_auditor ON audit (auditor_id, audit_id);

ALTER TABLE auditor ADD COLUMN version integer NOT NULL DEFAULT 1;
CREATE INDEX audit_by_due ON audit (due_on, audit_id);
CREATE INDEX audit_by_start ON audit (starts_on, audit_id);
