-- A month's decay that could not be worked off can be begun anew.
DROP INDEX wave_decay;
CREATE UNIQUE INDEX wave_decay ON wave (about) WHERE kind = 'decay' AND failure IS NULL;
