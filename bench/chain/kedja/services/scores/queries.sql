-- name: lock_scores
-- Lock cases in the order of their keys, and read their scores. (One by one: as a join, the plan that is kept reads the table.)
SELECT s.supplier_id, s.category_id, s.value
FROM (SELECT * FROM json_populate_recordset(NULL::score, (:keys)::json) ORDER BY supplier_id, category_id) AS k
CROSS JOIN LATERAL (
    SELECT * FROM score AS s WHERE (s.supplier_id, s.category_id) = (k.supplier_id, k.category_id) FOR NO KEY UPDATE
) AS s;

-- name: save_scores!
-- Append to the history, and give each case its newest score.
WITH added AS (
    INSERT INTO score_history (score_id, supplier_id, category_id, value, previous, explained, cause)
    SELECT score_id, supplier_id, category_id, value, previous, explained, cause
    FROM json_populate_recordset(NULL::score_history, (:rows)::json)
    RETURNING score_id, supplier_id, category_id, value
), newest AS MATERIALIZED (
    SELECT DISTINCT ON (supplier_id, category_id) supplier_id, category_id, value FROM added
    ORDER BY supplier_id, category_id, score_id DESC
)
UPDATE score AS s SET value = n.value FROM newest AS n
WHERE s.supplier_id = ANY(ARRAY(SELECT supplier_id FROM newest))
  AND (s.supplier_id, s.category_id) = (n.supplier_id, n.category_id);
