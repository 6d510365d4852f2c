-- A month's decay that could not be worked off can be begun anew.
DROP INDEX wave_decay;
CREATE UNIQUE INDEX wave_decay ON wave (about) WHERE kind = 'decay' AND failure IS NULL;

-- What becomes of the cases of a category whose present scores consist of the same while a wave goes on: worked out once, by
-- one replica. `basis`: what scores are computed with, and the day; `new_id` null: nothing that shows. It is a short cut only:
-- what a crash takes is worked out again.
CREATE UNLOGGED TABLE wave_move (
    wave_id uuid NOT NULL,
    basis text NOT NULL,
    category_id text NOT NULL,
    result_id uuid NOT NULL,
    new_id uuid,
    news boolean NOT NULL,
    band_before text NOT NULL,
    band_after text NOT NULL,
    PRIMARY KEY (result_id, category_id, wave_id, basis) -- what tells most apart comes first
);
