-- name: share_basis
-- Nobody changes what scores are computed with until the transaction ends: taken before any case is locked.
SELECT pg_advisory_xact_lock_shared(:key);

-- name: hold_basis
-- Nobody scores, and nobody else changes what scores are computed with, until the transaction ends.
SELECT pg_advisory_xact_lock(:key);

-- name: basis^
-- A mark of what scores are computed with: each change of it makes it another. Asked by who shares it.
SELECT (SELECT max(place) FROM rule_set_activation) AS rules, (SELECT sum(version) FROM country_dataset) AS values,
       (SELECT sum(analysis_version) FROM category) AS analyses;
