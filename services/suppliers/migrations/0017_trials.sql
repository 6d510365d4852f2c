-- What a trial would change is kept for some time only. `changes_gone_at`: since when nobody is shown it; `changes_swept`: whether
-- none of it is left.
ALTER TABLE wave ADD COLUMN changes_gone_at timestamptz, ADD COLUMN changes_swept boolean NOT NULL DEFAULT false;
