-- name: contracts
-- A supplier's contracts.
SELECT supplier_id, contract_id, version, category_id, cpv, regions, clause_level, clause_version, starts_on, ends_on,
       option_ends_on, value_ore, currency, terms, reference,
       imported
FROM contract WHERE supplier_id = :supplier_id ORDER BY contract_id;

-- name: insert_contracts!
-- Contracts; their categories must exist.
INSERT INTO contract (contract_id, supplier_id, category_id, cpv, regions, clause_level, clause_version, starts_on, ends_on,
    option_ends_on, value_ore, currency, terms, reference)
SELECT contract_id, supplier_id, category_id, cpv, regions, clause_level, clause_version, starts_on, ends_on,
    option_ends_on, value_ore, currency, terms, reference
FROM jsonb_populate_recordset(NULL::contract, (:rows)::jsonb);

-- name: update_contracts!
-- Contracts that are different now.
UPDATE contract AS k
SET category_id = r.category_id, cpv = r.cpv, regions = r.regions, clause_level = r.clause_level,
    clause_version = r.clause_version, starts_on = r.starts_on, ends_on = r.ends_on,
    option_ends_on = r.option_ends_on, value_ore = r.value_ore, currency = r.currency, terms = r.terms,
    reference = r.reference, version = k.version + 1
FROM jsonb_populate_recordset(NULL::contract, (:rows)::jsonb) AS r
WHERE k.contract_id = r.contract_id;

-- name: delete_contract!
-- A contract that was wrongly registered.
DELETE FROM contract WHERE contract_id = :contract_id;

-- name: stop_following
-- Cases that have no contract any more: known of, their history kept, without a present score; and since when.
WITH ended AS (
    UPDATE risk_case AS c SET score_id = NULL, result_id = NULL, score = NULL, band = NULL
    FROM jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb) AS k
    WHERE (c.supplier_id, c.category_id) = (k.supplier_id, k.category_id) AND c.score_id IS NOT NULL
      AND NOT EXISTS (
          SELECT FROM contract AS t WHERE (t.supplier_id, t.category_id) = (c.supplier_id, c.category_id))
    RETURNING c.supplier_id, c.category_id
), noted AS (
    INSERT INTO case_end (supplier_id, category_id, ended_at) SELECT supplier_id, category_id, :now FROM ended
)
SELECT supplier_id, category_id FROM ended ORDER BY supplier_id, category_id;
