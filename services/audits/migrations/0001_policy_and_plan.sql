-- What audits knows of the cases' risks, what it decided about them, and the audits that came of it.
-- Locks are always taken in the order of these tables: risk_case, audit, auditor.

-- A case key and the newest risk that suppliers told of it; version 0 is a stub. decision_id: the final decision.
CREATE TABLE risk_case (
    supplier_id uuid NOT NULL,
    category_id text NOT NULL,
    case_id uuid NOT NULL UNIQUE,
    version bigint NOT NULL DEFAULT 0,
    score numeric,
    band text CHECK (band IN ('very_low', 'low', 'medium', 'high', 'very_high', 'no_data')),
    stage text,
    critical_open integer,
    severe_open integer,
    claim_gap numeric,
    not_cooperating boolean,
    recommendation text,
    site_known boolean,
    contract_ends_on date,
    as_of timestamptz,
    assessed_at timestamptz,
    decision_id uuid,
    PRIMARY KEY (supplier_id, category_id)
);

-- Who holds audits; at most `weekly_capacity` begin in an ISO week. Whoever plans locks all rows: see README.
CREATE TABLE auditor (
    auditor_id uuid PRIMARY KEY,
    name text NOT NULL,
    kinds text[] NOT NULL CHECK (kinds <@ '{office,factory}'),
    languages text[] NOT NULL,
    weekly_capacity integer NOT NULL CHECK (weekly_capacity >= 0)
);

-- causes: the events that led to it. reasons: [{code, params}], the decision's and then the slot's.
-- reported_on, deviations: once there is a report. ended_on: closed or cancelled, end_reason says why.
CREATE TABLE audit (
    audit_id uuid PRIMARY KEY,
    supplier_id uuid NOT NULL,
    category_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('office', 'factory')),
    state text NOT NULL CHECK (state IN ('provisional', 'confirmed', 'documents_requested', 'held', 'draft_report',
        'supplier_commented', 'reported', 'deviations_open', 'closed', 'cancelled')),
    starts_on date NOT NULL,
    due_on date NOT NULL,
    auditor_id uuid REFERENCES auditor,
    announced boolean NOT NULL,
    policy_row integer,
    rule text NOT NULL,
    reasons jsonb NOT NULL,
    causes uuid[] NOT NULL,
    score numeric,
    confirm_on date NOT NULL,
    correlation_id text NOT NULL,
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    cancellation_proposed boolean NOT NULL DEFAULT false,
    reported_on date,
    deviations integer,
    ended_on date,
    end_reason text,
    CHECK ((ended_on IS NOT NULL) = (state IN ('closed', 'cancelled')))
);
CREATE UNIQUE INDEX audit_one_open_per_case ON audit (supplier_id, category_id) WHERE ended_on IS NULL;
CREATE INDEX audit_of_case ON audit (supplier_id, category_id);
CREATE INDEX audit_load ON audit (starts_on, auditor_id) WHERE ended_on IS NULL;
CREATE INDEX audit_to_confirm ON audit (confirm_on, audit_id) WHERE state = 'provisional';
CREATE INDEX audit_of_state ON audit (state, audit_id);

-- Every decision that was ever made. events: what it reacted to. measure_id: the decision that opened what this one
-- opened or joined, where that is no audit; ended_on: when it was over (on the decision that opened it).
CREATE TABLE decision (
    decision_id uuid PRIMARY KEY,
    supplier_id uuid NOT NULL,
    category_id text NOT NULL,
    events uuid[] NOT NULL,
    as_of timestamptz NOT NULL,
    score numeric,
    band text NOT NULL,
    policy_row integer,
    rule text NOT NULL,
    asked text NOT NULL,
    outcome text NOT NULL,
    effect text NOT NULL CHECK (effect IN ('none', 'opened', 'joined', 'upgraded', 'suppressed', 'listed')),
    due_on date,
    proposal text,
    proposal_due_on date,
    listed boolean NOT NULL,
    proposes_cancellation boolean NOT NULL,
    reasons jsonb NOT NULL,
    audit_id uuid REFERENCES audit,
    measure_id uuid REFERENCES decision,
    ended_on date,
    decided_at timestamptz NOT NULL,
    FOREIGN KEY (supplier_id, category_id) REFERENCES risk_case
);
CREATE INDEX decision_of_case ON decision (supplier_id, category_id, decision_id);
CREATE INDEX decision_open_request ON decision (due_on)
    WHERE outcome = 'transparency_request' AND effect = 'opened' AND ended_on IS NULL;
