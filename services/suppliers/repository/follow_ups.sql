-- name: add_follow_up!
-- A proposal for a category's year; counts 0 where there is one.
INSERT INTO follow_up (follow_up_id, category_id, year, size, as_of, rules, asked_at, asked_by, proposed, passed_over)
SELECT follow_up_id, category_id, year, size, as_of, rules, asked_at, asked_by, proposed, passed_over
FROM jsonb_populate_record(NULL::follow_up, (:row)::jsonb)
ON CONFLICT (category_id, year) DO NOTHING;

-- name: follow_up^
-- A proposal, whole.
SELECT * FROM follow_up WHERE follow_up_id = :follow_up_id;

-- name: lock_follow_up^
-- The same, held until the transaction ends.
SELECT * FROM follow_up WHERE follow_up_id = :follow_up_id FOR NO KEY UPDATE;

-- name: change_follow_up!
-- What a person makes of it, by present ids; the caller holds its lock.
UPDATE follow_up SET version = version + 1, state = :state, proposed = :proposed, added = :added, removed = :removed, added_cases = :added_cases,
    selected = (:selected)::uuid[], confirmed_at = :confirmed_at, confirmed_by = :confirmed_by
WHERE follow_up_id = :follow_up_id;

-- name: delete_follow_up!
-- Withdraw a proposal; the caller holds its lock.
DELETE FROM follow_up WHERE follow_up_id = :follow_up_id;

-- name: owners_of_follow_up^
-- The area that answers for a proposal's category.
SELECT c.effective_area FROM follow_up AS f JOIN category AS c USING (category_id) WHERE f.follow_up_id = :follow_up_id;

-- name: follow_ups
-- Proposals; an area's own only, where one is named.
SELECT f.follow_up_id, f.version, f.category_id, f.year, f.size, f.as_of, f.rules, f.asked_at, f.asked_by, f.state,
       f.selected, f.confirmed_at, f.confirmed_by, f.proposed, f.added, f.removed
FROM follow_up AS f
WHERE ((:category_id)::text IS NULL OR f.category_id = :category_id)
  AND ((:year)::integer IS NULL OR f.year = :year)
  AND ((:state)::text IS NULL OR f.state = :state)
  AND ((:area)::text IS NULL OR EXISTS (
      SELECT FROM category AS g WHERE g.category_id = f.category_id AND g.effective_area = :area));
