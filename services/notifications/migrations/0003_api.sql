-- What the API promises: versions for those who edit.
ALTER TABLE recipient ADD COLUMN version integer NOT NULL DEFAULT 1;
