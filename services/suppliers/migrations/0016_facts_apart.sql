-- Nothing is released that could run beside this: it expands and contracts at once, and scores that were there before are not
-- computed again to their last digit (they added up cell by cell).
-- What a score follows from is kept apart from what it comes to, each once under the first half of the SHA-256 of its JSON: a
-- rescoring because of a dataset has other country values for all, and what is known of a case stays as it is. Of the latter
-- a score keeps what it comes to, `work`, and the next one follows from that for as long as nothing expires.
CREATE TABLE risk_exposure (
    exposure_id uuid PRIMARY KEY,
    facts json NOT NULL -- where and what goods are: sites, analysis and its version, datasets and theirs, indices
);
CREATE TABLE risk_known (
    known_id uuid PRIMARY KEY,
    facts json NOT NULL -- what is known of a case alone: judgement, audits, deviations
);

ALTER TABLE risk_result
    ADD COLUMN exposure_id uuid,
    ADD COLUMN known_id uuid, -- null: nothing is known
    ADD COLUMN work json, -- the evidence, best first, and what each area has of it; null: nothing is known
    ADD COLUMN assessed_at timestamptz;

CREATE FUNCTION pg_temp.content_id(content json) RETURNS uuid LANGUAGE sql AS $$
SELECT encode(substring(sha256(convert_to(content::text, 'UTF8')) FROM 1 FOR 16), 'hex')::uuid
$$;
CREATE TEMPORARY TABLE apart ON COMMIT DROP AS
SELECT result_id, exposure, pg_temp.content_id(exposure) AS exposure_id, known, pg_temp.content_id(known) AS known_id,
       (inputs #>> '{judgement,completed_at}')::timestamptz AS assessed_at
FROM risk_result CROSS JOIN LATERAL (SELECT
    json_build_object('sites', inputs -> 'sites', 'analysis', inputs -> 'analysis',
                      'datasets', inputs -> 'datasets', 'indices', inputs -> 'indices') AS exposure,
    CASE WHEN inputs::jsonb @> '{"judgement": null, "audits": [], "deviations": []}'
              AND jsonb_array_length(inputs::jsonb -> 'audits') + jsonb_array_length(inputs::jsonb -> 'deviations') = 0
         THEN NULL
         ELSE json_build_object('judgement', inputs -> 'judgement', 'audits', inputs -> 'audits',
                                'deviations', inputs -> 'deviations') END AS known) AS parts;
INSERT INTO risk_exposure SELECT DISTINCT ON (exposure_id) exposure_id, exposure FROM apart;
INSERT INTO risk_known SELECT DISTINCT ON (known_id) known_id, known FROM apart WHERE known IS NOT NULL;
-- The work of earlier scores says of its evidence what is not so on any day: the next one is worked out of the facts.
UPDATE risk_result AS r
SET exposure_id = a.exposure_id, known_id = a.known_id, assessed_at = a.assessed_at,
    work = CASE WHEN a.known IS NOT NULL THEN json_build_object(
        'evidence', '[{"stage": "self_declared", "since": "0001-01-01", "valid_until": "0001-01-01", "expired": false}]'::json,
        'areas', '[[], [], [], []]'::json, 'deviations', '[]'::json) END
FROM apart AS a WHERE a.result_id = r.result_id;

DROP VIEW risk_score;
ALTER TABLE risk_result ALTER exposure_id SET NOT NULL, DROP COLUMN inputs, DROP COLUMN cells;
CREATE VIEW risk_score AS
SELECT s.supplier_id, s.category_id, s.score_id, s.as_of, s.result_id, s.previous_score, s.previous_band, s.contract_ends_on, s.causes,
       r.rule_set, e.facts -> 'datasets' AS datasets,
       e.facts -> 'dataset_versions' AS dataset_versions, (e.facts ->> 'analysis_version')::integer AS analysis_version, r.score, r.band, r.stage, r.areas, r.work, r.no_data_areas, r.claim_gap,
       r.critical_open, r.severe_open, r.not_cooperating, r.recommendation, r.assessed_at, r.site_known,
       e.facts::jsonb || coalesce(k.facts::jsonb, '{"judgement": null, "audits": [], "deviations": []}') AS inputs,
       coalesce(k.facts -> 'deviations', '[]') AS deviations
FROM scored_case AS s
JOIN risk_result AS r USING (result_id)
JOIN risk_exposure AS e USING (exposure_id)
LEFT JOIN risk_known AS k USING (known_id);
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)) THEN
        ALTER TABLE risk_known ALTER facts SET COMPRESSION lz4;
    END IF;
END
$$;

-- What a case's row gets stands with the short cut.
TRUNCATE wave_move;
ALTER TABLE wave_move ADD COLUMN score numeric(4, 1);
