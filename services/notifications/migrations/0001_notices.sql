-- What notifications knows of the others' facts, and what it has told whom.
-- Locks are always taken in the order of these tables: supplier, category, occasion, recipient, notice.

-- Suppliers as their events last described them; version 0 is a stub: something named it before it arrived.
-- contacts: [{contact_id, role}] in the supplier's order; contracts: [{category_id, regions, clause_level, clause_version}].
CREATE TABLE supplier (
    supplier_id uuid PRIMARY KEY,
    version bigint NOT NULL DEFAULT 0,
    legal_name text,
    contacts jsonb NOT NULL DEFAULT '[]',
    contracts jsonb NOT NULL DEFAULT '[]'
);

-- Categories likewise. names: {language: name}.
CREATE TABLE category (
    category_id text PRIMARY KEY,
    version bigint NOT NULL DEFAULT 0,
    names jsonb NOT NULL DEFAULT '{}'
);

-- Events that somebody must hear of. An open one still lacks its supplier, its category, or someone to tell;
-- it is looked at again whenever the supplier or the category arrives.
CREATE TABLE occasion (
    event_id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('assessment_invited', 'assessment_completed', 'risk_band_changed', 'audit_confirmed')),
    supplier_id uuid NOT NULL REFERENCES supplier,
    category_id text NOT NULL REFERENCES category,
    facts jsonb NOT NULL,
    correlation_id text NOT NULL,
    occurred_at timestamptz NOT NULL,
    settled boolean NOT NULL DEFAULT false
);
CREATE INDEX occasion_of_supplier ON occasion (supplier_id);
CREATE INDEX occasion_open_by_supplier ON occasion (supplier_id) WHERE NOT settled;
CREATE INDEX occasion_open_by_category ON occasion (category_id) WHERE NOT settled;

-- Who can be told. Suppliers' contacts come with their events, all others over the API.
-- Without an address it is a stub, or somebody who has left: notices wait for the address.
CREATE TABLE recipient (
    kind text NOT NULL CHECK (kind IN ('supplier_contact', 'region', 'national_office', 'auditor')),
    id text NOT NULL,
    name text,
    email text,
    language text NOT NULL DEFAULT 'sv' CHECK (language IN ('sv', 'en')),
    supplier_id uuid REFERENCES supplier,
    PRIMARY KEY (kind, id)
);
CREATE INDEX recipient_of_supplier ON recipient (supplier_id) WHERE supplier_id IS NOT NULL;

-- One notice per event and recipient, whatever is delivered or handled twice.
-- due_at: when to try next; while it is being sent, when the sender's lease runs out.
CREATE TABLE notice (
    notice_id uuid PRIMARY KEY,
    event_id uuid NOT NULL REFERENCES occasion,
    recipient_kind text NOT NULL,
    recipient_id text NOT NULL,
    state text NOT NULL CHECK (state IN ('no_address', 'queued', 'sending', 'sent', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    made_at timestamptz NOT NULL,
    accepted_at timestamptz,
    reason text,
    UNIQUE (event_id, recipient_kind, recipient_id),
    FOREIGN KEY (recipient_kind, recipient_id) REFERENCES recipient (kind, id)
);
CREATE INDEX notice_due ON notice (due_at, notice_id) WHERE state IN ('queued', 'sending');
CREATE INDEX notice_waiting_for_recipient ON notice (recipient_kind, recipient_id) WHERE state IN ('queued', 'no_address');
CREATE INDEX notice_of_state ON notice (state, notice_id);

-- Each try to hand a mail to the server. A number that is missing: its worker died before it could say.
CREATE TABLE attempt (
    notice_id uuid NOT NULL REFERENCES notice,
    number integer NOT NULL,
    at timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('accepted', 'temporary', 'permanent')),
    smtp_code integer,
    reply text NOT NULL,
    PRIMARY KEY (notice_id, number)
);

-- A notice together with what it is about: what the API shows.
CREATE VIEW notice_overview AS
SELECT n.notice_id, o.kind, n.event_id, o.supplier_id, o.category_id, (o.facts ->> 'audit_id')::uuid AS audit_id,
       n.recipient_kind, n.recipient_id, n.state, n.attempts, n.due_at, n.made_at, n.accepted_at, n.reason,
       o.correlation_id
FROM notice AS n JOIN occasion AS o USING (event_id);
