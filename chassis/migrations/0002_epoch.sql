-- What a version counts from: `kedja restore` raises it, so that what a restored service tells from then on is
-- newer than all that it told before, also what it no longer knows of. A version is (epoch << 40) + count.
CREATE TABLE epoch (
    epoch bigint NOT NULL CHECK (epoch BETWEEN 0 AND 8388607),
    single boolean PRIMARY KEY DEFAULT true CHECK (single)
);
INSERT INTO epoch (epoch) VALUES (0);
