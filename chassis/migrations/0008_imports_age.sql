-- Imports that are over are forgotten by age.
CREATE INDEX import_job_finished ON import_job (finished_at) WHERE finished_at IS NOT NULL;
