-- name: give_up!
-- The changes of trials that ended before `kept_since` are shown no more, but for those of the last whole trial of the rule set in
-- force: they say what it was switched on for.
UPDATE wave SET changes_gone_at = :now
WHERE kind = 'trial' AND changes_gone_at IS NULL AND ended_at < :kept_since
  AND wave_id IS DISTINCT FROM (
      SELECT wave_id FROM wave WHERE kind = 'trial' AND rule_set = :in_force AND ended_at IS NOT NULL AND failure IS NULL
      ORDER BY begun_at DESC, wave_id DESC LIMIT 1);

-- name: unswept$
-- A trial of which changes are left that are shown no more, and that nobody else sweeps; held until the transaction ends.
SELECT wave_id FROM wave WHERE changes_gone_at IS NOT NULL AND NOT changes_swept
ORDER BY wave_id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;

-- name: delete_changes!
-- Delete some changes of a trial; in the order of its index, which is the way to them also where the table is full of other trials'.
DELETE FROM trial_change WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM trial_change WHERE wave_id = :wave_id ORDER BY wave_id, supplier_id, category_id LIMIT :limit));

-- name: end_sweep!
-- None is left.
UPDATE wave SET changes_swept = true WHERE wave_id = :wave_id;
