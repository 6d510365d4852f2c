-- name: save_audits!
-- Keep new audits.
INSERT INTO audit (audit_id, supplier_id, category_id, kind, due_on, cause)
SELECT audit_id, supplier_id, category_id, kind, due_on, cause
FROM jsonb_populate_recordset(NULL::audit, (:rows)::jsonb);
