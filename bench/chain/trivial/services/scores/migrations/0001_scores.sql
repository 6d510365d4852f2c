-- The score of each case, and every score that it has had.
CREATE TABLE score (
    supplier_id uuid NOT NULL,
    category_id text NOT NULL,
    value integer NOT NULL,
    PRIMARY KEY (supplier_id, category_id)
);
CREATE TABLE score_history (
    score_id uuid PRIMARY KEY,
    supplier_id uuid NOT NULL,
    category_id text NOT NULL,
    value integer NOT NULL,
    previous integer NOT NULL,
    cause uuid NOT NULL
);
