-- The registry whole: every kind of number, whose a site is, what a contract says, and why a supplier is archived.

ALTER TABLE identifier DROP CONSTRAINT identifier_scheme_check;
ALTER TABLE identifier ADD CONSTRAINT identifier_scheme_check
    CHECK (scheme IN ('orgnr', 'vat', 'lei', 'gln', 'peppol', 'foreign', 'personnr', 'foreign_person'));

-- Since when a supplier has its status, and why; both null: since it was registered.
ALTER TABLE supplier DROP CONSTRAINT supplier_status_check;
ALTER TABLE supplier ADD CONSTRAINT supplier_status_check CHECK (status IN ('active', 'inactive', 'archived'));
ALTER TABLE supplier ADD COLUMN status_reason text;
ALTER TABLE supplier ADD COLUMN status_since date;

-- `operator`: the sub-supplier that runs the site; null: the supplier itself. It never leaves the internal record.
ALTER TABLE site ADD COLUMN operator text;
ALTER TABLE site ADD COLUMN address text;
-- The region that has registered it, and so knows what it is called: null: the office or an area did.
ALTER TABLE site ADD COLUMN registered_by text;
ALTER TABLE site ADD COLUMN products text[] NOT NULL DEFAULT '{}';
ALTER TABLE site ADD COLUMN version integer NOT NULL DEFAULT 1;

-- `value_ore` is in hundredths of the currency; `option_ends_on`: the end if every option is used.
ALTER TABLE contract ADD COLUMN cpv text CHECK (cpv ~ '^[0-9]{8}$');
ALTER TABLE contract ADD COLUMN currency text NOT NULL DEFAULT 'SEK' CHECK (currency ~ '^[A-Z]{3}$');
ALTER TABLE contract ADD COLUMN option_ends_on date CHECK (option_ends_on >= ends_on);
ALTER TABLE contract ADD COLUMN version integer NOT NULL DEFAULT 1;
