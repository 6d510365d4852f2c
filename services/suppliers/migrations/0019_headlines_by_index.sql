-- Headlines are found by index from the suppliers that are given, whatever the planner thinks of the tables: a plan is kept by
-- the connection, and one that was made when there were next to no headlines or bands read all of them, as a table or as a whole
-- index, for every hundred suppliers of a first rescoring.
CREATE OR REPLACE FUNCTION find_headlines(touched uuid[]) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET enable_indexonlyscan = off AS $$
BEGIN
    INSERT INTO headline (supplier_id, legal_name)
    SELECT s.supplier_id, s.legal_name FROM supplier AS s
    WHERE s.supplier_id = ANY(touched)
      AND (SELECT h.supplier_id FROM headline AS h WHERE h.supplier_id = s.supplier_id) IS NULL
      AND (SELECT count(c.band) FROM risk_case AS c WHERE c.supplier_id = s.supplier_id) > 0
    ORDER BY s.supplier_id
    ON CONFLICT DO NOTHING;
    PERFORM FROM headline WHERE supplier_id = ANY(touched) ORDER BY supplier_id FOR NO KEY UPDATE;
    UPDATE headline AS h
    SET band = worst_band(ARRAY(SELECT c.band FROM risk_case AS c WHERE c.supplier_id = h.supplier_id))
    WHERE h.supplier_id = ANY(touched)
      AND h.band IS DISTINCT FROM worst_band(ARRAY(SELECT c.band FROM risk_case AS c WHERE c.supplier_id = h.supplier_id));
END $$;
