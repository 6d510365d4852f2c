-- Audits, each with the event that it follows from.
CREATE TABLE audit (
    audit_id uuid PRIMARY KEY,
    supplier_id uuid NOT NULL,
    category_id text NOT NULL,
    kind text NOT NULL,
    due_on date NOT NULL,
    explained json, -- why
    cause uuid NOT NULL
);
