-- Orders that a list can be walked in; names sort as a Swedish reader expects: å, ä, ö last.
CREATE INDEX notice_by_time ON notice (made_at, notice_id);
ALTER TABLE recipient ALTER COLUMN name TYPE text COLLATE "sv-x-icu";
CREATE INDEX recipient_by_name ON recipient (name, kind, id) WHERE kind <> 'supplier_contact' AND email IS NOT NULL;
