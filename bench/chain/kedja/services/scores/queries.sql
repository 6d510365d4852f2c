-- name: lock_scores
-- Lock cases in the order of their keys, and read their scores.
SELECT supplier_id, category_id, s.value FROM score AS s
JOIN jsonb_populate_recordset(NULL::score, (:keys)::jsonb) AS k USING (supplier_id, category_id)
ORDER BY supplier_id, category_id
FOR NO KEY UPDATE OF s;

-- name: save_scores!
-- Append to the history, and give each case its newest score.
WITH added AS (
    INSERT INTO score_history (score_id, supplier_id, category_id, value, previous, explained, cause)
    SELECT score_id, supplier_id, category_id, value, previous, explained, cause
    FROM json_populate_recordset(NULL::score_history, (:rows)::json)
    RETURNING score_id, supplier_id, category_id, value
), newest AS (
    SELECT DISTINCT ON (supplier_id, category_id) supplier_id, category_id, value FROM added
    ORDER BY supplier_id, category_id, score_id DESC
)
UPDATE score AS s SET value = n.value FROM newest AS n
WHERE (s.supplier_id, s.category_id) = (n.supplier_id, n.category_id);
