-- The score of each case, and every score that it has had.
CREATE TABLE score (
    supplier_id uuid NOT NULL,
    category_id text NOT NULL,
    value numeric NOT NULL,
    PRIMARY KEY (supplier_id, category_id)
);
CREATE TABLE score_history (
    score_id uuid PRIMARY KEY,
    supplier_id uuid NOT NULL,
    category_id text NOT NULL,
    value numeric NOT NULL,
    previous numeric NOT NULL,
    explained json, -- the score's terms
    cause uuid NOT NULL
);
