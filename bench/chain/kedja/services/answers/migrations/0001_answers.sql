-- Completed self-assessments: where a chain begins.
CREATE TABLE assessment (
    assessment_id uuid PRIMARY KEY,
    data jsonb NOT NULL
);
