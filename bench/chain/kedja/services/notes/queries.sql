-- name: save_notices!
-- Keep new notices.
INSERT INTO notice (notice_id, event_id, supplier_id, audit_id, text)
SELECT notice_id, event_id, supplier_id, audit_id, text
FROM jsonb_populate_recordset(NULL::notice, (:rows)::jsonb);
