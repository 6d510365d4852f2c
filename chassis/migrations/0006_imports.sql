-- Files that are imported: the job, the file until it is done, and what became of each row.

CREATE TABLE import_job (
    job_id uuid PRIMARY KEY,
    kind text NOT NULL,
    media_type text NOT NULL,
    bytes bigint NOT NULL,
    dry_run boolean NOT NULL,
    imported boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    reason text,
    attempts integer NOT NULL DEFAULT 0,
    last_row integer NOT NULL DEFAULT 0,
    rows_total integer,
    rows_accepted integer NOT NULL DEFAULT 0,
    rows_rejected integer NOT NULL DEFAULT 0,
    actor jsonb NOT NULL,
    correlation_id text NOT NULL,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    CHECK ((state IN ('done', 'failed')) = (finished_at IS NOT NULL))
);
CREATE INDEX import_job_due ON import_job (created_at) WHERE state IN ('waiting', 'running');

-- The file in pieces, so that any replica can work on it. They are there before the job: an upload may break off.
CREATE TABLE import_chunk (
    job_id uuid NOT NULL,
    position integer NOT NULL,
    data bytea NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (job_id, position)
);
-- A table for formats that are compressed, or soon deleted: trying to compress costs more than it saves.
ALTER TABLE import_chunk ALTER COLUMN data SET STORAGE EXTERNAL;

-- What became of a row. `faults`: [{column, problem, accepted}]
CREATE TABLE import_row (
    job_id uuid NOT NULL REFERENCES import_job ON DELETE CASCADE,
    row_number integer NOT NULL,
    state text NOT NULL CHECK (state IN ('made', 'changed', 'unchanged', 'rejected')),
    item_id uuid,
    faults jsonb NOT NULL,
    PRIMARY KEY (job_id, row_number)
);
CREATE INDEX import_row_rejected ON import_row (job_id, row_number) WHERE state = 'rejected';
