-- name: save_suppliers!
-- The projection of suppliers: the newest version wins, whatever the order of arrival; a resync repeats the same.
INSERT INTO supplier AS t (supplier_id, version, regions)
SELECT supplier_id, version, regions FROM jsonb_populate_recordset(NULL::supplier, (:rows)::jsonb)
ORDER BY supplier_id
ON CONFLICT (supplier_id) DO UPDATE SET version = excluded.version, regions = excluded.regions
WHERE t.version <= excluded.version;

-- name: save_categories!
-- The projection of categories, likewise.
INSERT INTO category AS t (category_id, version, responsible_area)
SELECT category_id, version, responsible_area FROM jsonb_populate_recordset(NULL::category, (:rows)::jsonb)
ORDER BY category_id
ON CONFLICT (category_id) DO UPDATE
SET version = excluded.version, responsible_area = excluded.responsible_area
WHERE t.version <= excluded.version;

-- name: owners_of_audit^
-- Whose an audit is: the regions with a contract in its case, the area of its category, and who holds it.
SELECT coalesce(s.regions -> a.category_id, '[]') AS regions, c.responsible_area, a.auditor_id::text
FROM audit AS a LEFT JOIN supplier AS s USING (supplier_id) LEFT JOIN category AS c USING (category_id)
WHERE a.audit_id = :audit_id;

-- name: owners_of_cases
-- Whose the named cases are: the regions with a contract in them, and the area of their category.
SELECT k.supplier_id, k.category_id, coalesce(s.regions -> k.category_id, '[]') AS regions, c.responsible_area
FROM jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb) AS k
LEFT JOIN supplier AS s USING (supplier_id) LEFT JOIN category AS c USING (category_id);

-- name: owners_of_case^
-- Whose a case with a known risk is; an auditor's, who holds an audit of it.
SELECT coalesce(s.regions -> r.category_id, '[]') AS regions, c.responsible_area,
       (SELECT coalesce(array_agg(DISTINCT a.auditor_id::text), '{}') FROM audit AS a
        WHERE (a.supplier_id, a.category_id) = (r.supplier_id, r.category_id)) AS auditors
FROM risk_case AS r LEFT JOIN supplier AS s USING (supplier_id) LEFT JOIN category AS c USING (category_id)
WHERE r.supplier_id = :supplier_id AND r.category_id = :category_id AND r.version > 0;

-- name: create_cases!
-- Make the case keys that are not known yet.
INSERT INTO risk_case (supplier_id, category_id, case_id)
SELECT supplier_id, category_id, case_id FROM jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb)
ORDER BY supplier_id, category_id
ON CONFLICT DO NOTHING;

-- name: lock_cases
-- Lock cases in the order of their keys: two replicas never decide one case at the same time.
SELECT c.supplier_id, c.category_id FROM risk_case AS c
JOIN jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb) AS k USING (supplier_id, category_id)
ORDER BY c.supplier_id, c.category_id
FOR NO KEY UPDATE OF c;

-- name: save_risks!
-- Keep the newest risk of each locked case; a resync repeats the same version.
UPDATE risk_case AS c
SET version = r.version, score = r.score, band = r.band, stage = r.stage, critical_open = r.critical_open,
    severe_open = r.severe_open, claim_gap = r.claim_gap, not_cooperating = r.not_cooperating,
    recommendation = r.recommendation, site_known = r.site_known, contract_ends_on = r.contract_ends_on,
    as_of = r.as_of, assessed_at = r.assessed_at
FROM jsonb_populate_recordset(NULL::risk_case, (:rows)::jsonb) AS r
WHERE (c.supplier_id, c.category_id) = (r.supplier_id, r.category_id) AND c.version <= r.version;

-- name: risks
-- The risks of the named cases, and whether they have a contract; of an unknown supplier's one takes that for granted.
SELECT c.*, coalesce(s.regions ? c.category_id, true) AS contracted FROM risk_case AS c
JOIN jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb) AS k USING (supplier_id, category_id)
LEFT JOIN supplier AS s ON s.supplier_id = c.supplier_id
ORDER BY c.supplier_id, c.category_id;

-- name: lock_open_audits
-- The open audits of the named cases, locked: a confirmation or cancellation comes wholly before or after.
SELECT a.* FROM audit AS a
JOIN jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb) AS k USING (supplier_id, category_id)
WHERE a.ended_on IS NULL
ORDER BY a.audit_id
FOR UPDATE OF a;

-- name: reported_audits
-- The audits of the named cases that have a report.
SELECT a.supplier_id, a.category_id, a.audit_id, a.kind, a.state = 'closed' AS closed, a.reported_on, a.deviations
FROM audit AS a
JOIN jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb) AS k USING (supplier_id, category_id)
WHERE a.reported_on IS NOT NULL
ORDER BY a.audit_id;

-- name: measures
-- Per case, row and outcome the latest that it led to, when that ended, and the case's bands from then on:
-- the one that it had at the end, and all later ones.
WITH latest AS (
    SELECT DISTINCT ON (d.supplier_id, d.category_id, d.policy_row, d.outcome) d.*
    FROM decision AS d
    JOIN jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb) AS k USING (supplier_id, category_id)
    WHERE d.effect IN ('opened', 'joined', 'upgraded')
    ORDER BY d.supplier_id, d.category_id, d.policy_row, d.outcome, d.decision_id DESC
), measure AS (
    SELECT l.supplier_id, l.category_id, l.policy_row, l.outcome, coalesce(l.measure_id, l.decision_id) AS decision_id,
           coalesce(m.due_on, l.due_on) AS due_on, coalesce(a.ended_on, m.ended_on) AS ended_on
    FROM latest AS l
    LEFT JOIN decision AS m ON m.decision_id = l.measure_id
    LEFT JOIN audit AS a ON a.audit_id = l.audit_id
)
SELECT m.*, coalesce((
    SELECT array_agg(DISTINCT s.band ORDER BY s.band) FROM decision AS s
    WHERE m.ended_on IS NOT NULL AND (s.supplier_id, s.category_id) = (m.supplier_id, m.category_id)
      AND s.as_of >= coalesce((
          SELECT max(e.as_of) FROM decision AS e
          WHERE (e.supplier_id, e.category_id) = (m.supplier_id, m.category_id)
            AND (e.as_of AT TIME ZONE :time_zone)::date <= m.ended_on), '-infinity')
), '{}') AS bands_since
FROM measure AS m
ORDER BY m.supplier_id, m.category_id, m.policy_row, m.outcome;

-- name: lock_auditors
-- All auditors, locked until the end of the transaction: whoever plans sees what the one before has booked.
SELECT auditor_id, kinds, weekly_capacity FROM auditor ORDER BY auditor_id FOR NO KEY UPDATE;

-- name: load
-- How many audits of each auditor begin in each ISO week from `since` on.
SELECT auditor_id, date_trunc('week', starts_on)::date AS week, count(*) AS audits FROM audit
WHERE ended_on IS NULL AND auditor_id IS NOT NULL AND starts_on >= :since
GROUP BY 1, 2;

-- name: save_audits!
-- Insert audits, or update those that this transaction holds.
INSERT INTO audit AS a (audit_id, supplier_id, category_id, kind, state, starts_on, due_on, auditor_id, announced,
    policy_row, rule, reasons, causes, score, confirm_on, correlation_id, created_at, confirmed_at,
    cancellation_proposed, ended_on, end_reason)
SELECT audit_id, supplier_id, category_id, kind, state, starts_on, due_on, auditor_id, announced,
    policy_row, rule, reasons, causes, score, confirm_on, correlation_id, created_at, confirmed_at,
    cancellation_proposed, ended_on, end_reason
FROM jsonb_populate_recordset(NULL::audit, (:rows)::jsonb)
ORDER BY audit_id
ON CONFLICT (audit_id) DO UPDATE
SET kind = excluded.kind, state = excluded.state, starts_on = excluded.starts_on, due_on = excluded.due_on,
    auditor_id = excluded.auditor_id, announced = excluded.announced, policy_row = excluded.policy_row,
    rule = excluded.rule, reasons = excluded.reasons, causes = excluded.causes, score = excluded.score,
    confirm_on = excluded.confirm_on, correlation_id = excluded.correlation_id, confirmed_at = excluded.confirmed_at,
    cancellation_proposed = excluded.cancellation_proposed, ended_on = excluded.ended_on,
    end_reason = excluded.end_reason;

-- name: save_decisions!
-- Append decisions, and make each its case's final one.
WITH added AS (
    INSERT INTO decision (decision_id, supplier_id, category_id, events, as_of, score, band, policy_row, rule, asked,
        outcome, effect, due_on, proposal, proposal_due_on, listed, proposes_cancellation, reasons, audit_id,
        measure_id, without_contract, decided_at)
    SELECT decision_id, supplier_id, category_id, events, as_of, score, band, policy_row, rule, asked,
        outcome, effect, due_on, proposal, proposal_due_on, listed, proposes_cancellation, reasons, audit_id,
        measure_id, without_contract, decided_at
    FROM jsonb_populate_recordset(NULL::decision, (:rows)::jsonb)
    RETURNING supplier_id, category_id, decision_id
)
UPDATE risk_case AS c SET decision_id = added.decision_id
FROM added WHERE (c.supplier_id, c.category_id) = (added.supplier_id, added.category_id);

-- name: end_measures!
-- Note that requests, or decisions that waited for a person, are over.
UPDATE decision SET ended_on = :ended_on WHERE decision_id = ANY((:decision_ids)::uuid[]);

-- name: claim_cases_with_lapsed_requests
-- Lock some cases whose transparency request was not answered in time and that no other replica works on.
SELECT c.supplier_id, c.category_id FROM risk_case AS c
WHERE EXISTS (
    SELECT FROM decision AS d
    WHERE (d.supplier_id, d.category_id) = (c.supplier_id, c.category_id)
      AND d.outcome = 'transparency_request' AND d.effect = 'opened' AND d.ended_on IS NULL AND d.due_on < :today)
ORDER BY c.supplier_id, c.category_id
LIMIT :limit
FOR NO KEY UPDATE OF c SKIP LOCKED;

-- name: end_lapsed_requests
-- End the overdue requests of locked cases on their last day.
UPDATE decision AS d SET ended_on = d.due_on
FROM jsonb_populate_recordset(NULL::risk_case, (:keys)::jsonb) AS k
WHERE (d.supplier_id, d.category_id) = (k.supplier_id, k.category_id)
  AND d.outcome = 'transparency_request' AND d.effect = 'opened' AND d.ended_on IS NULL AND d.due_on < :today
RETURNING d.supplier_id, d.category_id, d.events;

-- name: claim_audits_to_confirm
-- Lock provisional audits whose day has come and that no other replica works on; a proposed cancellation waits.
SELECT * FROM audit
WHERE state = 'provisional' AND confirm_on <= :today AND NOT cancellation_proposed
ORDER BY confirm_on, audit_id
LIMIT :limit
FOR UPDATE SKIP LOCKED;

-- name: lock_audit^
-- An audit, locked.
SELECT * FROM audit WHERE audit_id = :audit_id FOR UPDATE;

-- name: audits
-- Audits: one, or those that every filter lets through; a region's, an area's or an auditor's own, where one is named.
SELECT * FROM audit AS a
WHERE ((:audit_id)::uuid IS NULL OR audit_id = :audit_id)
  AND ((:supplier_id)::uuid IS NULL OR supplier_id = :supplier_id)
  AND ((:category_id)::text IS NULL OR category_id = :category_id)
  AND ((:state)::text IS NULL OR state = :state)
  AND ((:auditor_id)::uuid IS NULL OR auditor_id = :auditor_id)
  AND ((:region)::text IS NULL OR EXISTS (
      SELECT FROM supplier AS s
      WHERE s.supplier_id = a.supplier_id AND s.regions -> a.category_id ? (:region)::text))
  AND ((:area)::text IS NULL OR EXISTS (
      SELECT FROM category AS c WHERE c.category_id = a.category_id AND c.responsible_area = (:area)::text));

-- name: save_auditor!
-- Create an auditor, or change one if its version is still the known one; counts 0 where somebody was faster.
INSERT INTO auditor AS a (auditor_id, name, kinds, languages, weekly_capacity)
VALUES (:auditor_id, :name, :kinds, :languages, :weekly_capacity)
ON CONFLICT (auditor_id) DO UPDATE
SET name = excluded.name, kinds = excluded.kinds, languages = excluded.languages,
    weekly_capacity = excluded.weekly_capacity, version = a.version + 1
WHERE a.version = :known;

-- name: auditors
-- Auditors: all, or one.
SELECT auditor_id, version, name, kinds, languages, weekly_capacity FROM auditor
WHERE (:auditor_id)::uuid IS NULL OR auditor_id = :auditor_id;

-- name: cases
-- Cases with a known risk that every filter lets through; own ones only, as of audits.
SELECT case_id, supplier_id, category_id, score, band, stage, as_of, decision_id FROM risk_case AS r
WHERE version > 0
  AND ((:supplier_id)::uuid IS NULL OR supplier_id = :supplier_id)
  AND ((:category_id)::text IS NULL OR category_id = :category_id)
  AND ((:auditor_id)::uuid IS NULL OR EXISTS (
      SELECT FROM audit AS a WHERE (a.supplier_id, a.category_id) = (r.supplier_id, r.category_id)
        AND a.auditor_id = :auditor_id))
  AND ((:region)::text IS NULL OR EXISTS (
      SELECT FROM supplier AS s
      WHERE s.supplier_id = r.supplier_id AND s.regions -> r.category_id ? (:region)::text))
  AND ((:area)::text IS NULL OR EXISTS (
      SELECT FROM category AS c WHERE c.category_id = r.category_id AND c.responsible_area = (:area)::text));

-- name: final_decisions
-- The named decisions.
SELECT * FROM decision WHERE decision_id = ANY((:decision_ids)::uuid[]);

-- name: decisions
-- All decisions about a case, oldest first.
SELECT * FROM decision WHERE supplier_id = :supplier_id AND category_id = :category_id ORDER BY decision_id;

-- name: audits_by_state
-- How many audits are in each state.
SELECT state, count(*) AS audits FROM audit GROUP BY state;

-- name: audits_overdue$
-- How many audits should have been held by now.
SELECT count(*) FROM audit
WHERE state IN ('provisional', 'confirmed', 'documents_requested') AND due_on < :today;
