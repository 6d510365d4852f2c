-- Orders that a list can be walked in.
CREATE INDEX assessment_by_deadline ON assessment (deadline, assessment_id);
CREATE INDEX assessment_by_change ON assessment (since, assessment_id);
