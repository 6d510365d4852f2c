-- Who is told what; `event_id`: of the event that it follows from.
CREATE TABLE notice (
    notice_id uuid PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    supplier_id uuid NOT NULL,
    audit_id uuid NOT NULL,
    text text NOT NULL
);
