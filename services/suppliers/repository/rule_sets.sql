-- name: active_rule_set$
-- The rule set that new scores are computed with, if one was ever switched on.
SELECT rule_set FROM rule_set_activation ORDER BY place DESC LIMIT 1;

-- name: rule_set^
-- A rule set that the office has brought in.
SELECT name, content, created_at, created_by FROM rule_set WHERE name = :name;

-- name: rule_sets
-- All that the office has brought in.
SELECT name, content, created_at, created_by FROM rule_set ORDER BY name;

-- name: add_rule_set!
-- Keep a rule set; counts 0 where the name is taken.
INSERT INTO rule_set (name, content, created_at, created_by) VALUES (:name, (:content)::jsonb, :now, :by)
ON CONFLICT DO NOTHING;

-- name: activations
-- Which rule set was switched on when, by whom and why.
SELECT activation_id, rule_set, activated_at, activated_by, reason FROM rule_set_activation;

-- name: activate!
-- Switch a rule set on.
INSERT INTO rule_set_activation (activation_id, rule_set, activated_at, activated_by, reason)
VALUES (:activation_id, :rule_set, :now, :by, :reason);

-- name: lock_activation#
-- One at a time switches rule sets on or begins a wave because of it.
LOCK TABLE rule_set_activation IN SHARE ROW EXCLUSIVE MODE;
