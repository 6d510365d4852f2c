-- name: add_wave!
-- Begin a rescoring of many cases; of a month's decay only the first that does not fail.
INSERT INTO wave (wave_id, kind, about, rule_set, category_id, begun_at)
VALUES (:wave_id, :kind, :about, :rule_set, :category_id, :now)
ON CONFLICT (about) WHERE kind = 'decay' AND failure IS NULL DO NOTHING;

-- name: join_wave$
-- Let a wave of the same kind that nobody has begun to work on be about this, too.
UPDATE wave SET about = about || ', ' || :about
WHERE wave_id = (
    SELECT wave_id FROM wave
    WHERE ended_at IS NULL AND kind = :kind AND rule_set = :rule_set AND category_id IS NULL
      AND next_supplier_id IS NULL AND NOT given_out
    ORDER BY begun_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING wave_id;

-- name: has_decay$
-- Whether a month's decay has been begun.
SELECT EXISTS (SELECT FROM wave WHERE kind = 'decay' AND about = :about);

-- name: claim_part^
-- A part that nobody works on, of the oldest wave that has one, with its wave; held until the transaction ends.
SELECT w.wave_id, p.part_id, w.kind, w.about, w.rule_set, w.category_id AS of, w.begun_at, w.ended_at,
       p.after_supplier_id, p.after_category_id, p.last_supplier_id, p.last_category_id
FROM wave_part AS p JOIN wave AS w USING (wave_id)
ORDER BY w.begun_at, p.part_id LIMIT 1
FOR UPDATE OF p SKIP LOCKED;

-- name: running_wave^
-- The oldest wave that still has cases to give out. Who gives some out, or counts what was done, holds it for a moment only:
-- whoever did not wait for that would find nothing to do, and rest.
SELECT wave_id, category_id, next_supplier_id, next_category_id FROM wave
WHERE ended_at IS NULL AND NOT given_out
ORDER BY begun_at, wave_id LIMIT 1
FOR NO KEY UPDATE;

-- name: last_of_part^
-- The key of the last of the next cases after one; `more`: there may be others.
SELECT supplier_id, category_id, count(*) OVER () = :size AS more FROM (
    SELECT supplier_id, category_id FROM risk_case
    WHERE ((:supplier_id)::uuid IS NULL
           OR (supplier_id, category_id) > ((:supplier_id)::uuid, (:category_id)::text))
      AND ((:of)::text IS NULL OR category_id = :of)
    ORDER BY supplier_id, category_id LIMIT :size
) AS next
ORDER BY supplier_id DESC, category_id DESC LIMIT 1;

-- name: add_part!
-- Give a part out.
INSERT INTO wave_part (wave_id, part_id, after_supplier_id, after_category_id, last_supplier_id, last_category_id)
SELECT wave_id, :part_id, next_supplier_id, next_category_id, :supplier_id, :category_id FROM wave WHERE wave_id = :wave_id;

-- name: advance_wave!
-- Note up to where cases have been given out, and whether these were all.
UPDATE wave SET next_supplier_id = coalesce(:supplier_id, next_supplier_id),
    next_category_id = coalesce(:category_id, next_category_id), given_out = :given_out
WHERE wave_id = :wave_id;

-- name: groups_of_part
-- The cases of a part, counted by category and by what their present scores consist of. Here and below the suppliers are
-- bounded by themselves, too: of two rows' comparison PostgreSQL expects a quarter of the table, and reads all of it.
SELECT c.category_id, c.result_id::text AS result_id, count(*) AS cases FROM risk_case AS c
WHERE c.supplier_id BETWEEN coalesce(:after_supplier_id, '00000000-0000-0000-0000-000000000000')::uuid AND (:last_supplier_id)::uuid
  AND ((:after_supplier_id)::uuid IS NULL OR (c.supplier_id, c.category_id) > ((:after_supplier_id)::uuid, (:after_category_id)::text))
  AND (c.supplier_id, c.category_id) <= ((:last_supplier_id)::uuid, (:last_category_id)::text)
  AND ((:of)::text IS NULL OR c.category_id = :of)
  AND c.result_id IS NOT NULL
GROUP BY c.category_id, c.result_id
ORDER BY c.category_id, c.result_id;

-- name: move_met
-- Lock the cases of a part in the order of their keys: what others have made of them meanwhile is there. Those like cases that
-- the wave has met get the new scores of these, each appended to the history. Returns cases by themselves that it has met none
-- like (`is_new`) or that are news, and how many of those that were met went from which band to which.
WITH part AS MATERIALIZED (
    SELECT c.supplier_id, c.category_id, c.result_id, c.score, c.band, c.contract_ends_on FROM risk_case AS c
    WHERE c.supplier_id BETWEEN coalesce(:after_supplier_id, '00000000-0000-0000-0000-000000000000')::uuid AND (:last_supplier_id)::uuid
      AND ((:after_supplier_id)::uuid IS NULL OR (c.supplier_id, c.category_id) > ((:after_supplier_id)::uuid, (:after_category_id)::text))
      AND (c.supplier_id, c.category_id) <= ((:last_supplier_id)::uuid, (:last_category_id)::text)
      AND ((:of)::text IS NULL OR c.category_id = :of)
    ORDER BY c.supplier_id, c.category_id
    FOR NO KEY UPDATE OF c
), met AS MATERIALIZED (
    SELECT p.supplier_id, p.category_id, p.result_id, p.score, p.band, p.contract_ends_on,
           m.new_id, m.news, m.score AS new_score, m.band_before, m.band_after, m.result_id IS NULL AS is_new,
           encode(overlay(uuid_send(gen_random_uuid()) PLACING :id_prefix FROM 1), 'hex')::uuid AS score_id
    FROM part AS p
    LEFT JOIN LATERAL ( -- OFFSET 0: looked up by its key; PostgreSQL would read all of it for each part
        SELECT m.result_id, m.new_id, m.news, m.score, m.band_before, m.band_after FROM wave_move AS m
        WHERE (m.result_id, m.category_id, m.wave_id, m.basis) = (p.result_id, p.category_id, :wave_id, :basis) OFFSET 0
    ) AS m ON true
    WHERE p.result_id IS NOT NULL
), added AS (
    INSERT INTO scored_case (supplier_id, category_id, score_id, as_of, result_id, previous_score, previous_band,
        contract_ends_on, causes)
    SELECT supplier_id, category_id, score_id, :as_of, new_id, score, band, contract_ends_on, ARRAY[(:wave_id)::uuid]
    FROM met WHERE new_id IS NOT NULL
), moved AS (
    UPDATE risk_case AS c SET score_id = met.score_id, result_id = met.new_id, score = met.new_score, band = met.band_after
    FROM met
    WHERE (c.supplier_id, c.category_id) = (met.supplier_id, met.category_id) AND met.new_id IS NOT NULL
)
SELECT supplier_id::text AS supplier_id, category_id, result_id::text AS result_id, contract_ends_on, is_new,
       NULL AS band_before, NULL AS band_after, 1 AS cases
FROM met WHERE is_new OR news
UNION ALL
SELECT NULL, NULL, NULL, NULL, false, band_before, band_after, count(*) FROM met WHERE NOT is_new GROUP BY band_before, band_after;

-- name: add_moves!
-- Keep what becomes of cases like those that were scored, for other parts.
INSERT INTO wave_move (wave_id, basis, category_id, result_id, new_id, news, score, band_before, band_after)
SELECT :wave_id, :basis, category_id, result_id, new_id, news, score, band_before, band_after
FROM jsonb_populate_recordset(NULL::wave_move, (:rows)::jsonb)
ORDER BY result_id, category_id
ON CONFLICT DO NOTHING;

-- name: results
-- Scores with what they follow from, beside country values and analyses: `sites`, and `work`, what is known of the case alone.
SELECT r.result_id::text AS result_id, r.score, r.band, r.stage, r.critical_open, r.severe_open, r.claim_gap, r.not_cooperating,
       r.recommendation, r.site_known, r.assessed_at, r.known_id, r.work::text AS work, e.facts ->> 'sites' AS sites
FROM risk_result AS r JOIN risk_exposure AS e USING (exposure_id)
WHERE r.result_id = ANY((:result_ids)::uuid[]);

-- name: known
-- What is known of cases alone.
SELECT known_id, facts FROM risk_known WHERE known_id = ANY((:known_ids)::uuid[]);

-- name: move_cases!
-- Give cases, which are locked, new scores: each is appended to the history.
WITH new AS MATERIALIZED (
    SELECT c.supplier_id, c.category_id, c.score, c.band, c.contract_ends_on, r.new_id, r.score AS new_score, r.band AS new_band,
           encode(overlay(uuid_send(gen_random_uuid()) PLACING :id_prefix FROM 1), 'hex')::uuid AS score_id
    FROM jsonb_to_recordset((:rows)::jsonb) AS r (supplier_id uuid, category_id text, new_id uuid, score numeric(4, 1), band text)
    JOIN risk_case AS c USING (supplier_id, category_id)
    ORDER BY c.supplier_id, c.category_id
), added AS (
    INSERT INTO scored_case (supplier_id, category_id, score_id, as_of, result_id, previous_score, previous_band,
        contract_ends_on, causes)
    SELECT supplier_id, category_id, score_id, :as_of, new_id, score, band, contract_ends_on, ARRAY[(:wave_id)::uuid] FROM new
)
UPDATE risk_case AS c SET score_id = new.score_id, result_id = new.new_id, score = new.new_score, band = new.new_band
FROM new WHERE (c.supplier_id, c.category_id) = (new.supplier_id, new.category_id);

-- name: cases_of_part
-- The cases of a part in the named groups.
SELECT c.supplier_id, c.category_id, c.result_id::text AS result_id
FROM risk_case AS c
JOIN jsonb_to_recordset((:rows)::jsonb) AS r (category_id text, result_id uuid) USING (category_id, result_id)
WHERE c.supplier_id BETWEEN coalesce(:after_supplier_id, '00000000-0000-0000-0000-000000000000')::uuid AND (:last_supplier_id)::uuid
  AND ((:after_supplier_id)::uuid IS NULL OR (c.supplier_id, c.category_id) > ((:after_supplier_id)::uuid, (:after_category_id)::text))
  AND (c.supplier_id, c.category_id) <= ((:last_supplier_id)::uuid, (:last_category_id)::text)
  AND ((:of)::text IS NULL OR c.category_id = :of)
ORDER BY c.supplier_id, c.category_id;

-- name: end_part!
-- A part is done.
DELETE FROM wave_part WHERE (wave_id, part_id) = (:wave_id, :part_id);

-- name: count_part!
-- Add what a part came to.
UPDATE wave SET cases = cases + :cases, told = told + :told WHERE wave_id = :wave_id;

-- name: fail_wave!
-- End a wave that cannot go on, and say why: the first reason stays.
UPDATE wave SET given_out = true, ended_at = coalesce(ended_at, :now), failure = coalesce(failure, :reason)
WHERE wave_id = :wave_id;

-- name: end_waves!
-- Waves whose cases have all been given out and worked on have ended.
UPDATE wave AS w SET ended_at = :now
WHERE ended_at IS NULL AND given_out AND NOT EXISTS (SELECT FROM wave_part AS p WHERE p.wave_id = w.wave_id);

-- name: forget_moves!
-- Waves that have ended need no short cuts.
DELETE FROM wave_move WHERE wave_id IN (SELECT wave_id FROM wave WHERE ended_at IS NOT NULL);

-- name: add_bands!
-- Count cases by their band before and after.
INSERT INTO wave_band AS b (wave_id, band_before, band_after, cases)
SELECT :wave_id, r.band_before, r.band_after, r.cases
FROM jsonb_populate_recordset(NULL::wave_band, (:rows)::jsonb) AS r
ORDER BY r.band_before, r.band_after
ON CONFLICT (wave_id, band_before, band_after) DO UPDATE SET cases = b.cases + excluded.cases;

-- name: add_trial_changes!
-- Cases that would be in another band.
INSERT INTO trial_change (wave_id, supplier_id, category_id, score_before, band_before, score_after, band_after, why)
SELECT :wave_id, supplier_id, category_id, score_before, band_before, score_after, band_after, why
FROM jsonb_populate_recordset(NULL::trial_change, (:rows)::jsonb)
ORDER BY supplier_id, category_id
ON CONFLICT DO NOTHING;

-- name: waves
-- Waves: all, or one, with how many cases went from which band to which.
SELECT w.wave_id, w.kind, w.about, w.rule_set, w.category_id, w.begun_at, w.ended_at, w.failure, w.cases, w.told, w.changes_gone_at,
       (SELECT coalesce(jsonb_agg(to_jsonb(b) - 'wave_id' ORDER BY b.band_before, b.band_after), '[]')
        FROM wave_band AS b WHERE b.wave_id = w.wave_id) AS bands
FROM wave AS w
WHERE ((:wave_id)::uuid IS NULL OR w.wave_id = :wave_id) AND ((:kind)::text IS NULL OR w.kind = :kind)
  AND ((:running)::boolean IS NULL OR (w.ended_at IS NULL) = :running);

-- name: trial_changes
-- Cases that a trial would bring into another band.
SELECT supplier_id, category_id, score_before, band_before, score_after, band_after, why FROM trial_change
WHERE wave_id = :wave_id
  AND ((:band_before)::text IS NULL OR band_before = :band_before)
  AND ((:band_after)::text IS NULL OR band_after = :band_after);

-- name: tried$
-- Whether a trial of a rule set has ended.
SELECT EXISTS (SELECT FROM wave WHERE kind = 'trial' AND rule_set = :rule_set AND ended_at IS NOT NULL AND failure IS NULL);
