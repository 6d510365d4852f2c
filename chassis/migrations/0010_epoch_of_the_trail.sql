-- Up to where the audit trail reached when an epoch began, as `seq` says of the changes; null: not known, so nothing is.
ALTER TABLE changes_epoch ADD COLUMN trail_seq bigint;
