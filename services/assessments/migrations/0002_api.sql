-- Whose a case is: the regions that have a contract in it, {category_id: [county codes]}, and its category's area.
ALTER TABLE supplier ADD COLUMN regions jsonb NOT NULL DEFAULT '{}';
CREATE TABLE category (
    category_id text PRIMARY KEY,
    version bigint NOT NULL,
    responsible_area text
);

-- Orders that a list can be walked in.
CREATE INDEX assessment_by_deadline ON assessment (deadline, assessment_id);
CREATE INDEX assessment_by_change ON assessment (since, assessment_id);
