-- The same facts give the same score: what a score consists of is kept once, however many cases share it. Of a million
-- cases nine in ten have nothing but their category and the countries of their sites.

CREATE TABLE risk_result (
    result_id uuid PRIMARY KEY, -- the first half of the SHA-256 of all that follows
    rule_set text NOT NULL,
    score numeric(4, 1),
    band text NOT NULL CHECK (band IN ('no_data', 'very_low', 'low', 'medium', 'high', 'very_high')),
    stage text,
    areas jsonb NOT NULL, -- the terms, by area
    cells jsonb, -- 7 x 4: {stage, confidence, score} or null; null: nothing is known of the supplier's work
    no_data_areas text[] NOT NULL,
    claim_gap numeric,
    critical_open integer NOT NULL,
    severe_open integer NOT NULL,
    not_cooperating boolean NOT NULL,
    recommendation text,
    site_known boolean NOT NULL,
    inputs jsonb NOT NULL, -- the facts that, with the rule set and the moment, give all of it again
    CHECK ((score IS NULL) = (band = 'no_data'))
);
INSERT INTO risk_result (result_id, rule_set, score, band, stage, areas, no_data_areas, claim_gap, critical_open, severe_open,
    not_cooperating, recommendation, site_known, inputs)
SELECT score_id, rule_set, score, band, stage, areas, no_data_areas, claim_gap, critical_open, severe_open,
       not_cooperating, recommendation, site_known,
       inputs - '{audit,contract_ends_on}'::text[] || '{"audits": []}'
FROM risk_score;

-- Every score that a case has had. One statement writes it and points the case at it: there is nothing for foreign keys to find.
CREATE TABLE scored_case (
    supplier_id uuid NOT NULL,
    category_id text NOT NULL,
    score_id uuid NOT NULL,
    as_of timestamptz NOT NULL,
    result_id uuid NOT NULL,
    previous_score numeric(4, 1),
    previous_band text,
    contract_ends_on date,
    causes uuid[] NOT NULL,
    PRIMARY KEY (supplier_id, category_id, score_id)
);
INSERT INTO scored_case (supplier_id, category_id, score_id, as_of, result_id, previous_score, previous_band, contract_ends_on, causes)
SELECT supplier_id, category_id, score_id, as_of, score_id, previous_score, previous_band, contract_ends_on, causes FROM risk_score;

-- What the present score is stands with the case, too: lists ask for bands, and a rescoring for what was before. Pages have
-- room, so that a new score of the same band touches no index.
ALTER TABLE risk_case DROP CONSTRAINT risk_case_score_id_fkey;
ALTER TABLE risk_case ADD COLUMN result_id uuid, ADD COLUMN score numeric(4, 1), ADD COLUMN band text,
    ADD COLUMN contract_ends_on date;
ALTER TABLE risk_case SET (fillfactor = 60);
UPDATE risk_case AS c
SET result_id = s.score_id, score = s.score, band = s.band, contract_ends_on = s.contract_ends_on
FROM risk_score AS s WHERE s.score_id = c.score_id;
CREATE INDEX risk_case_by_band ON risk_case (band, supplier_id);

DROP TABLE risk_score;

-- A score with all that it consists of.
CREATE VIEW risk_score AS
SELECT s.supplier_id, s.category_id, s.score_id, s.as_of, s.result_id, s.previous_score, s.previous_band, s.contract_ends_on, s.causes,
       r.rule_set, r.inputs -> 'datasets' AS datasets, r.score, r.band, r.stage, r.areas, r.cells, r.no_data_areas, r.claim_gap,
       r.critical_open, r.severe_open, r.not_cooperating, r.recommendation, r.site_known, r.inputs, r.inputs -> 'deviations' AS deviations
FROM scored_case AS s JOIN risk_result AS r USING (result_id);

-- What audits found in a case: each audit's matrix, a projection, `version` is that of its event.
CREATE TABLE finding (
    supplier_id uuid NOT NULL,
    category_id text NOT NULL,
    audit_id uuid NOT NULL,
    version bigint NOT NULL,
    audited jsonb NOT NULL,
    reported_at timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    PRIMARY KEY (supplier_id, category_id, audit_id),
    FOREIGN KEY (supplier_id, category_id) REFERENCES risk_case
);

-- Deviations, open or verified: projections.
CREATE TABLE deviation (
    deviation_id uuid PRIMARY KEY,
    version bigint NOT NULL,
    supplier_id uuid NOT NULL,
    category_id text NOT NULL,
    areas text[] NOT NULL,
    severe boolean NOT NULL,
    open boolean NOT NULL,
    overdue boolean NOT NULL,
    FOREIGN KEY (supplier_id, category_id) REFERENCES risk_case
);
CREATE INDEX deviation_open ON deviation (supplier_id, category_id) WHERE open;

-- What is known of each case alone, in the form in which a score keeps it; null: nothing.
CREATE VIEW known_case AS
SELECT c.supplier_id, c.category_id,
       CASE WHEN j.version IS NOT NULL OR f.audits IS NOT NULL OR d.deviations IS NOT NULL THEN jsonb_build_object(
           'judgement', to_jsonb(j) - '{supplier_id,category_id,version}'::text[],
           'audits', coalesce(f.audits, '[]'),
           'deviations', coalesce(d.deviations, '[]')) END AS known
FROM risk_case AS c
LEFT JOIN judgement AS j ON (j.supplier_id, j.category_id) = (c.supplier_id, c.category_id)
CROSS JOIN LATERAL (
    SELECT jsonb_agg(to_jsonb(f) - '{supplier_id,category_id,version}'::text[] ORDER BY f.reported_at DESC, f.audit_id) AS audits
    FROM finding AS f WHERE (f.supplier_id, f.category_id) = (c.supplier_id, c.category_id)
) AS f
CROSS JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object(
        'deviation_id', d.deviation_id, 'areas', d.areas, 'severe', d.severe, 'overdue', d.overdue) ORDER BY d.deviation_id) AS deviations
    FROM deviation AS d WHERE (d.supplier_id, d.category_id) = (c.supplier_id, c.category_id) AND d.open
) AS d;

-- Rule sets that the office has brought in beside the packaged one; a change is a new name.
CREATE TABLE rule_set (
    name text PRIMARY KEY,
    content jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL
);

-- Which rule set scores are computed with: the newest row; none: the packaged one.
CREATE TABLE rule_set_activation (
    activation_id uuid PRIMARY KEY,
    place bigint NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE, -- one after another, whatever clocks say
    rule_set text NOT NULL,
    activated_at timestamptz NOT NULL,
    activated_by text NOT NULL,
    reason text NOT NULL
);

-- Rescorings of many cases for one reason, worked off in the order of the cases' keys. A trial writes no score.
CREATE TABLE wave (
    wave_id uuid PRIMARY KEY, -- what scores name as their cause
    kind text NOT NULL CHECK (kind IN ('rule_set', 'dataset', 'analysis', 'decay', 'trial')),
    about text NOT NULL, -- which rule set, datasets, category or month
    rule_set text NOT NULL,
    category_id text, -- only cases of this category
    begun_at timestamptz NOT NULL,
    next_supplier_id uuid, -- all cases up to and with this key have been given out
    next_category_id text,
    given_out boolean NOT NULL DEFAULT false,
    ended_at timestamptz,
    failure text, -- why it ended without being worked off
    cases bigint NOT NULL DEFAULT 0,
    told bigint NOT NULL DEFAULT 0
);
CREATE INDEX wave_running ON wave (begun_at, wave_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX wave_decay ON wave (about) WHERE kind = 'decay';
CREATE INDEX risk_case_by_category ON risk_case (category_id, supplier_id);

-- Parts of a wave that are being worked on; one whose worker died lies here until another takes it.
CREATE TABLE wave_part (
    wave_id uuid NOT NULL REFERENCES wave,
    part_id uuid NOT NULL,
    after_supplier_id uuid,
    after_category_id text,
    last_supplier_id uuid NOT NULL,
    last_category_id text NOT NULL,
    PRIMARY KEY (wave_id, part_id)
);

-- How many cases went, or would go, from which band to which.
CREATE TABLE wave_band (
    wave_id uuid NOT NULL REFERENCES wave,
    band_before text NOT NULL,
    band_after text NOT NULL,
    cases bigint NOT NULL,
    PRIMARY KEY (wave_id, band_before, band_after)
);

-- Which cases a rule set on trial would bring into another band, and which terms make the difference.
CREATE TABLE trial_change (
    wave_id uuid NOT NULL REFERENCES wave,
    supplier_id uuid NOT NULL,
    category_id text NOT NULL,
    score_before numeric(4, 1),
    band_before text NOT NULL,
    score_after numeric(4, 1),
    band_after text NOT NULL,
    why jsonb NOT NULL,
    PRIMARY KEY (wave_id, supplier_id, category_id)
);
