-- What regions' own systems call suppliers and contracts: by these they are looked up, and imported again.

CREATE TABLE own_number (
    region text NOT NULL,
    number text NOT NULL,
    supplier_id uuid NOT NULL REFERENCES supplier,
    PRIMARY KEY (region, number)
);
CREATE INDEX own_number_supplier ON own_number (supplier_id);

ALTER TABLE contract ADD COLUMN reference text;
CREATE UNIQUE INDEX contract_reference ON contract (supplier_id, reference);
