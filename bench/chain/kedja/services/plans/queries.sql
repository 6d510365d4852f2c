-- name: save_audits!
-- Keep new audits.
INSERT INTO audit (audit_id, supplier_id, category_id, kind, due_on, explained, cause)
SELECT audit_id, supplier_id, category_id, kind, due_on, explained, cause
FROM json_populate_recordset(NULL::audit, (:rows)::json);
