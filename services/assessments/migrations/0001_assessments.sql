-- What this service knows of suppliers (a projection), its campaigns, their assessments, and respondents' sessions.

-- The slice of suppliers' state that an invitation needs. No personal data: a contact is an id.
CREATE TABLE supplier (
    supplier_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    legal_name text NOT NULL,
    contact_id uuid,
    category_ids text[] NOT NULL
);

CREATE TABLE campaign (
    campaign_id uuid PRIMARY KEY,
    name text NOT NULL,
    year integer NOT NULL,
    answer_by date NOT NULL,
    created_at timestamptz NOT NULL
);

-- One case: supplier, category, year. Matrices are 7 (PR1-PR7) by 4 (areas), 0-100 or null.
CREATE TABLE assessment (
    assessment_id uuid PRIMARY KEY,
    campaign_id uuid NOT NULL REFERENCES campaign,
    supplier_id uuid NOT NULL REFERENCES supplier,
    category_id text NOT NULL,
    year integer NOT NULL,
    questionnaire text NOT NULL,
    state text NOT NULL CHECK (state IN ('invited', 'in_progress', 'submitted', 'under_review', 'completed')),
    since timestamptz NOT NULL,
    deadline date NOT NULL,
    invitation_id uuid NOT NULL UNIQUE,
    generation integer NOT NULL,
    contact_id uuid NOT NULL,
    answers jsonb NOT NULL,
    submitted_at timestamptz,
    claimed numeric[],
    completeness numeric,
    critical text[] NOT NULL,
    severe_reported boolean NOT NULL,
    judged numeric[],
    resolved_critical text[] NOT NULL,
    recommendation text CHECK (recommendation IN ('none', 'dialogue', 'office_audit', 'factory_audit')),
    completed_at timestamptz,
    valid_until timestamptz,
    UNIQUE (supplier_id, category_id, year)
);
CREATE INDEX assessment_campaign ON assessment (campaign_id, state);
CREATE INDEX assessment_state ON assessment (state, deadline);

-- A respondent's session: only the token's hash is kept. Raising the invitation's generation ends it.
CREATE TABLE session (
    token_hash text PRIMARY KEY,
    assessment_id uuid NOT NULL REFERENCES assessment,
    generation integer NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX session_expiry ON session (expires_at);
