-- Imports take turns, say more of where they are, and can be cancelled.

-- `owner`: whose turn it is: one region's systems share theirs. `turn_at`: when the last turn of a job began.
-- `notes`: what a person should know of how the file was read.
ALTER TABLE import_job
    ADD COLUMN owner text NOT NULL DEFAULT '',
    ADD COLUMN turn_at timestamptz,
    ADD COLUMN charset text,
    ADD COLUMN phase text CHECK (phase IN ('reading', 'applying')),
    ADD COLUMN rows_read integer NOT NULL DEFAULT 0,
    ADD COLUMN notes jsonb NOT NULL DEFAULT '[]',
    DROP CONSTRAINT import_job_state_check,
    DROP CONSTRAINT import_job_check,
    ADD CONSTRAINT import_job_state_check CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    ADD CONSTRAINT import_job_check CHECK ((state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL));
CREATE INDEX import_job_owner ON import_job (owner, turn_at);
