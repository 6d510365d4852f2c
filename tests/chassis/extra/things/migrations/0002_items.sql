-- Items: versioned, each a region's, in orders with and without an index.
CREATE TABLE item (
    name text PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    note text COLLATE "sv-x-icu" NOT NULL DEFAULT '',
    region text NOT NULL DEFAULT '01',
    rank integer NOT NULL DEFAULT 0,
    weight numeric NOT NULL DEFAULT 0,
    made_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX item_by_rank ON item (rank, name);
