-- What an import of the past has made says so, for ever: its dates are its own, and nobody was told of its beginning.
ALTER TABLE supplier ADD COLUMN imported boolean NOT NULL DEFAULT false;
ALTER TABLE contract ADD COLUMN imported boolean NOT NULL DEFAULT false;

-- The view as it is, with the mark; contracts stand in it whole.
DO $$
DECLARE
    was text := pg_get_viewdef('whole_supplier'::regclass);
    now text := regexp_replace(was, '\s+FROM supplier s;$', ', s.imported FROM supplier s');
BEGIN
    ASSERT now LIKE '%s.imported FROM supplier s';
    EXECUTE 'CREATE OR REPLACE VIEW whole_supplier AS ' || now;
END $$;
