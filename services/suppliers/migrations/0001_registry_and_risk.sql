-- The registry of suppliers, what their risk is computed from, and every score that was ever computed.

CREATE TABLE supplier (
    supplier_id uuid PRIMARY KEY,
    legal_name text NOT NULL,
    country text NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'inactive')),
    language text NOT NULL CHECK (language IN ('sv', 'en')),
    registered_at timestamptz NOT NULL
);

-- A number belongs to one supplier only, whoever reports it.
CREATE TABLE identifier (
    scheme text NOT NULL CHECK (scheme IN ('orgnr', 'vat', 'lei', 'gln')),
    value text NOT NULL,
    supplier_id uuid NOT NULL REFERENCES supplier,
    PRIMARY KEY (scheme, value),
    UNIQUE (supplier_id, scheme)
);

CREATE TABLE contact (
    contact_id uuid PRIMARY KEY,
    supplier_id uuid NOT NULL REFERENCES supplier,
    name text NOT NULL,
    email text NOT NULL,
    language text NOT NULL CHECK (language IN ('sv', 'en')),
    role text NOT NULL
);
CREATE INDEX contact_supplier ON contact (supplier_id);

-- Tier 0 is the supplier's own production, 1 whom it buys from, and so on.
CREATE TABLE site (
    site_id uuid PRIMARY KEY,
    supplier_id uuid NOT NULL REFERENCES supplier,
    name text NOT NULL,
    tier integer NOT NULL CHECK (tier >= 0),
    country text NOT NULL,
    category_ids text[] NOT NULL
);
CREATE INDEX site_supplier ON site (supplier_id);

-- A risk category; `analysis` has one entry per area, in their order: {likelihood, severity, valid_until} or null.
CREATE TABLE category (
    category_id text PRIMARY KEY,
    names jsonb NOT NULL,
    responsible_area text CHECK (responsible_area ~ '^[A-H]$'),
    prioritised_years integer[] NOT NULL,
    cpv_prefixes text[] NOT NULL,
    analysis jsonb NOT NULL CHECK (jsonb_array_length(analysis) = 4)
);

-- Periods of the contract clause are values of each contract: `terms`.
CREATE TABLE contract (
    contract_id uuid PRIMARY KEY,
    supplier_id uuid NOT NULL REFERENCES supplier,
    category_id text NOT NULL REFERENCES category,
    regions text[] NOT NULL,
    clause_level text NOT NULL CHECK (clause_level IN ('basic', 'advanced')),
    clause_version text NOT NULL,
    starts_on date NOT NULL,
    ends_on date CHECK (ends_on >= starts_on),
    value_ore bigint NOT NULL CHECK (value_ore >= 0),
    terms jsonb NOT NULL
);
CREATE INDEX contract_case ON contract (supplier_id, category_id);

-- An import replaces an index's whole year; a score uses the newest year of each index.
CREATE TABLE country_dataset (
    index text NOT NULL,
    year integer NOT NULL,
    imported_at timestamptz NOT NULL,
    PRIMARY KEY (index, year)
);

CREATE TABLE country_value (
    index text NOT NULL,
    year integer NOT NULL,
    country text NOT NULL,
    value numeric NOT NULL,
    PRIMARY KEY (index, year, country),
    FOREIGN KEY (index, year) REFERENCES country_dataset
);

-- The key that a score belongs to, and what rescorings lock. Without a contract it is a stub: known of, not scored.
CREATE TABLE risk_case (
    supplier_id uuid NOT NULL,
    category_id text NOT NULL,
    score_id uuid,
    PRIMARY KEY (supplier_id, category_id)
);

-- The latest completed assessment of a case: a projection, `version` is that of its event.
CREATE TABLE judgement (
    supplier_id uuid NOT NULL,
    category_id text NOT NULL,
    version bigint NOT NULL,
    assessment_id uuid NOT NULL,
    year integer NOT NULL,
    state text NOT NULL,
    stage text NOT NULL CHECK (stage IN ('self_declared', 'reviewed')),
    claimed jsonb NOT NULL,
    judged jsonb,
    critical text[] NOT NULL,
    severe_reported boolean NOT NULL,
    recommendation text NOT NULL,
    completed_at timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    PRIMARY KEY (supplier_id, category_id),
    FOREIGN KEY (supplier_id, category_id) REFERENCES risk_case
);

-- Every score with all that it follows from: `inputs` and `rule_set` give it again, `areas` holds its terms.
CREATE TABLE risk_score (
    score_id uuid PRIMARY KEY,
    supplier_id uuid NOT NULL,
    category_id text NOT NULL,
    as_of timestamptz NOT NULL,
    rule_set text NOT NULL,
    datasets jsonb NOT NULL,
    score numeric(4, 1),
    band text NOT NULL CHECK (band IN ('no_data', 'very_low', 'low', 'medium', 'high', 'very_high')),
    previous_score numeric(4, 1),
    previous_band text,
    stage text,
    areas jsonb NOT NULL,
    no_data_areas text[] NOT NULL,
    claim_gap numeric,
    critical_open integer NOT NULL,
    severe_open integer NOT NULL,
    not_cooperating boolean NOT NULL,
    recommendation text,
    site_known boolean NOT NULL,
    contract_ends_on date,
    causes uuid[] NOT NULL,
    inputs jsonb NOT NULL,
    FOREIGN KEY (supplier_id, category_id) REFERENCES risk_case,
    CHECK ((score IS NULL) = (band = 'no_data'))
);
CREATE INDEX risk_score_case ON risk_score (supplier_id, category_id, score_id);

ALTER TABLE risk_case ADD FOREIGN KEY (score_id) REFERENCES risk_score;
