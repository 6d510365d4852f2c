-- name: save_assessment!
-- Keep a completed self-assessment.
INSERT INTO assessment (assessment_id, data) VALUES (:assessment_id, (:data)::jsonb);
