-- What a merge does to each table that knows suppliers by id. Tests say so where a table is forgotten.

-- name: hold_aliases!
-- No other merge, and nobody who asks what an id means, until the transaction ends: taken before any other lock.
LOCK TABLE supplier_alias IN EXCLUSIVE MODE;

-- name: share_aliases!
-- No merge until the transaction ends: taken before any other lock.
LOCK TABLE supplier_alias IN ROW SHARE MODE;

-- name: survivors
-- Which suppliers the named ids mean, where they mean others.
SELECT supplier_id, survivor_id FROM supplier_alias WHERE supplier_id = ANY((:supplier_ids)::uuid[]);

-- name: lock_suppliers
-- Suppliers in the order of their ids, held against everybody until the transaction ends.
SELECT supplier_id FROM supplier WHERE supplier_id = ANY((:supplier_ids)::uuid[]) ORDER BY supplier_id FOR UPDATE;

-- name: whole_records
-- Suppliers with all that a merge moves; contacts that double an address of the survivor's, or of one before it.
WITH address AS (
    SELECT c.contact_id, c.supplier_id, first_value(c.contact_id) OVER (
        PARTITION BY lower(c.email) ORDER BY c.supplier_id <> :survivor_id, c.supplier_id, c.contact_id) AS stays
    FROM contact AS c WHERE c.supplier_id = ANY((:supplier_ids)::uuid[])
)
SELECT s.*,
       (SELECT coalesce(jsonb_object_agg(f.scheme, f.numbers), '{}') FROM (
            SELECT scheme, jsonb_agg(value ORDER BY value) AS numbers FROM identifier AS i
            WHERE i.supplier_id = s.supplier_id AND former GROUP BY scheme) AS f) AS former_identifiers,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('category_id', c.category_id, 'score_id', c.score_id,
                'judgement', to_jsonb(j) - '{supplier_id,category_id}'::text[]) ORDER BY c.category_id), '[]')
        FROM risk_case AS c LEFT JOIN judgement AS j USING (supplier_id, category_id)
        WHERE c.supplier_id = s.supplier_id) AS cases,
       ARRAY(SELECT score_id FROM scored_case AS r WHERE r.supplier_id = s.supplier_id ORDER BY score_id) AS score_ids,
       ARRAY(SELECT audit_id FROM finding AS f WHERE f.supplier_id = s.supplier_id ORDER BY audit_id) AS audit_ids,
       ARRAY(SELECT deviation_id FROM deviation AS v WHERE v.supplier_id = s.supplier_id ORDER BY deviation_id) AS deviation_ids,
       (SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.duplicate_id), '[]') FROM duplicate AS d
        WHERE s.supplier_id IN (d.one, d.other)) AS duplicates,
       (SELECT coalesce(jsonb_object_agg(a.contact_id, a.stays), '{}') FROM address AS a
        WHERE a.supplier_id = s.supplier_id AND a.supplier_id <> :survivor_id AND a.stays <> a.contact_id
       ) AS doubled_contacts
FROM whole_supplier AS s
WHERE s.supplier_id = ANY((:supplier_ids)::uuid[])
ORDER BY s.supplier_id;

-- name: case_keys
-- The cases of suppliers, and those that their contracts and sites touch.
SELECT supplier_id, category_id FROM risk_case WHERE supplier_id = ANY((:supplier_ids)::uuid[])
UNION SELECT supplier_id, category_id FROM contract WHERE supplier_id = ANY((:supplier_ids)::uuid[])
UNION SELECT s.supplier_id, c.category_id FROM site AS s JOIN risk_case AS c ON c.category_id = ANY(s.category_ids)
WHERE s.supplier_id = ANY((:supplier_ids)::uuid[]) AND c.supplier_id = ANY((:supplier_ids)::uuid[]);

-- name: retire_identifiers!
-- Of several numbers of one scheme the survivor's stays, else that of the supplier registered first.
UPDATE identifier AS i SET former = true
FROM (SELECT scheme, value, row_number() OVER (
          PARTITION BY scheme ORDER BY supplier_id <> :survivor_id, supplier_id) AS place
      FROM identifier
      WHERE supplier_id = ANY((:absorbed_ids)::uuid[] || (:survivor_id)::uuid) AND NOT former) AS r
WHERE (i.scheme, i.value) = (r.scheme, r.value) AND r.place > 1;

-- name: move_identifiers!
-- Numbers, former ones too.
UPDATE identifier SET supplier_id = :survivor_id WHERE supplier_id = ANY((:absorbed_ids)::uuid[]);

-- name: move_own_numbers!
-- Regions' own numbers.
UPDATE own_number SET supplier_id = :survivor_id WHERE supplier_id = ANY((:absorbed_ids)::uuid[]);

-- name: delete_contacts!
-- Contacts whose address is there already.
DELETE FROM contact WHERE contact_id = ANY((:contact_ids)::uuid[]);

-- name: move_contacts!
-- Contacts.
UPDATE contact SET supplier_id = :survivor_id WHERE supplier_id = ANY((:absorbed_ids)::uuid[]);

-- name: move_sites!
-- Production sites.
UPDATE site SET supplier_id = :survivor_id WHERE supplier_id = ANY((:absorbed_ids)::uuid[]);

-- name: mark_references!
-- Of several contracts with one reference the first keeps it; the others' say whose they were.
UPDATE contract AS k SET reference = left(k.reference, 88) || ' (' || right(k.supplier_id::text, 8) || ')'
FROM (SELECT contract_id, row_number() OVER (
          PARTITION BY reference ORDER BY supplier_id <> :survivor_id, supplier_id) AS place
      FROM contract
      WHERE supplier_id = ANY((:absorbed_ids)::uuid[] || (:survivor_id)::uuid) AND reference IS NOT NULL) AS r
WHERE k.contract_id = r.contract_id AND r.place > 1;

-- name: move_contracts!
-- Contracts.
UPDATE contract SET supplier_id = :survivor_id WHERE supplier_id = ANY((:absorbed_ids)::uuid[]);

-- name: delete_judgements!
-- Of several judgements of one category the one that was completed last stays.
DELETE FROM judgement AS j
USING (SELECT supplier_id, category_id, row_number() OVER (
           PARTITION BY category_id ORDER BY completed_at DESC, supplier_id <> :survivor_id, supplier_id) AS place
       FROM judgement WHERE supplier_id = ANY((:absorbed_ids)::uuid[] || (:survivor_id)::uuid)) AS r
WHERE (j.supplier_id, j.category_id) = (r.supplier_id, r.category_id) AND r.place > 1;

-- name: move_judgements!
-- The judgements that stay. Version 0: those of two subjects cannot be compared.
UPDATE judgement SET supplier_id = :survivor_id, version = 0
WHERE supplier_id = ANY((:absorbed_ids)::uuid[]);

-- name: move_findings!
-- What audits found.
UPDATE finding SET supplier_id = :survivor_id, version = 0 WHERE supplier_id = ANY((:absorbed_ids)::uuid[]);

-- name: move_deviations!
-- Deviations.
UPDATE deviation SET supplier_id = :survivor_id WHERE supplier_id = ANY((:absorbed_ids)::uuid[]);

-- name: move_scores!
-- Every score, as it was computed.
UPDATE scored_case SET supplier_id = :survivor_id WHERE supplier_id = ANY((:absorbed_ids)::uuid[]);

-- name: move_present_scores!
-- A case that the survivor had no score of goes on from the latest of the others'.
UPDATE risk_case AS c SET score_id = l.score_id, result_id = l.result_id, score = l.score, band = l.band,
    contract_ends_on = l.contract_ends_on
FROM (SELECT DISTINCT ON (category_id) category_id, score_id, result_id, score, band, contract_ends_on FROM risk_case
      WHERE supplier_id = ANY((:absorbed_ids)::uuid[]) AND score_id IS NOT NULL
      ORDER BY category_id, score_id DESC) AS l
WHERE c.supplier_id = :survivor_id AND c.category_id = l.category_id AND c.score_id IS NULL;

-- name: delete_case_ends!
-- What ended for one of them has not ended if the survivor has it.
DELETE FROM case_end AS e USING risk_case AS c
WHERE e.supplier_id = ANY((:absorbed_ids)::uuid[]) AND c.supplier_id = :survivor_id AND c.category_id = e.category_id
  AND c.score_id IS NOT NULL;

-- name: move_case_ends!
-- When cases ended.
UPDATE case_end SET supplier_id = :survivor_id WHERE supplier_id = ANY((:absorbed_ids)::uuid[]);

-- name: delete_cases!
-- Cases that nothing is left of.
DELETE FROM risk_case WHERE supplier_id = ANY((:absorbed_ids)::uuid[]);

-- name: close_duplicates
-- Open pairs within what is merged, which are decided by that.
UPDATE duplicate SET version = version + 1, state = 'merged', decided_at = :now, decided_by = :by, decision_reason = :reason
WHERE state = 'open' AND one = ANY((:absorbed_ids)::uuid[] || (:survivor_id)::uuid)
  AND other = ANY((:absorbed_ids)::uuid[] || (:survivor_id)::uuid)
RETURNING duplicate_id, 'changed' AS kind;

-- name: move_duplicates
-- Pairs with others become pairs of the survivor, decided as they were; of several with one other the one that the
-- survivor has stays, else a decided one. What is merged keeps its ids: it tells what was.
WITH pair AS (
    SELECT d.duplicate_id, CASE WHEN d.one = ANY((:group_ids)::uuid[]) THEN d.other ELSE d.one END AS with_id,
           (:survivor_id)::uuid IN (d.one, d.other) AS own, d.state, d.found_at
    FROM duplicate AS d
    WHERE d.state <> 'merged' AND (d.one = ANY((:group_ids)::uuid[])) <> (d.other = ANY((:group_ids)::uuid[]))
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY with_id ORDER BY own DESC, state <> 'open' DESC, found_at, duplicate_id) AS place
    FROM pair
), gone AS (
    DELETE FROM duplicate AS d USING ranked AS r WHERE r.duplicate_id = d.duplicate_id AND r.place > 1
    RETURNING d.duplicate_id
), moved AS (
    UPDATE duplicate AS d
    SET version = d.version + 1, one = least(r.with_id, :survivor_id), other = greatest(r.with_id, :survivor_id)
    FROM ranked AS r WHERE r.duplicate_id = d.duplicate_id AND r.place = 1 AND NOT r.own
    RETURNING d.duplicate_id
)
SELECT duplicate_id, 'deleted' AS kind FROM gone UNION ALL SELECT duplicate_id, 'changed' FROM moved;

-- name: delete_compared!
-- Names that nobody has any more.
WITH waiting AS (DELETE FROM uncompared WHERE supplier_id = ANY((:absorbed_ids)::uuid[]))
DELETE FROM compared_name WHERE supplier_id = ANY((:absorbed_ids)::uuid[]);

-- name: move_aliases!
-- What meant one that is absorbed means the survivor: an id is never more than one step away.
UPDATE supplier_alias SET survivor_id = :survivor_id WHERE survivor_id = ANY((:absorbed_ids)::uuid[]);

-- name: add_aliases!
-- The ids that mean the survivor from now on.
INSERT INTO supplier_alias (supplier_id, survivor_id, merged_at)
SELECT id, :survivor_id, :now FROM unnest((:absorbed_ids)::uuid[]) AS id ORDER BY id;

-- name: delete_suppliers!
-- The suppliers that were absorbed; their cases are gone already.
WITH headlines AS (DELETE FROM headline WHERE supplier_id = ANY((:absorbed_ids)::uuid[]))
DELETE FROM supplier WHERE supplier_id = ANY((:absorbed_ids)::uuid[]);

-- name: finish!
-- The survivor is another now, and has absorbed others.
WITH known AS (INSERT INTO survivor (supplier_id) VALUES (:survivor_id) ON CONFLICT DO NOTHING)
UPDATE supplier SET version = version + 1 WHERE supplier_id = :survivor_id;

-- name: merges_after
-- Survivors in the order of their ids, from after one on, with all ids that mean them: what a resync tells.
SELECT s.supplier_id, ARRAY(SELECT a.supplier_id FROM supplier_alias AS a WHERE a.survivor_id = s.supplier_id
                            ORDER BY a.supplier_id) AS absorbed_ids
FROM survivor AS v JOIN supplier AS s USING (supplier_id)
WHERE (:after)::uuid IS NULL OR s.supplier_id > :after
ORDER BY s.supplier_id LIMIT :limit;
