-- Notifications' SQL. Locks are taken in this order: supplier, category, occasion, recipient, notice.

-- name: add_suppliers!
-- Stubs for suppliers that something names before they have arrived.
INSERT INTO supplier (supplier_id) SELECT id FROM unnest((:suppliers)::uuid[]) AS id ORDER BY id
ON CONFLICT DO NOTHING;

-- name: lock_suppliers
-- One handler at a time works on what a supplier's events lead to.
SELECT supplier_id FROM supplier WHERE supplier_id = ANY((:suppliers)::uuid[])
ORDER BY supplier_id FOR NO KEY UPDATE;

-- name: add_categories!
-- Stubs for categories likewise.
INSERT INTO category (category_id) SELECT id FROM unnest((:categories)::text[]) AS id ORDER BY id
ON CONFLICT DO NOTHING;

-- name: lock_categories
-- And one on a category's.
SELECT category_id FROM category WHERE category_id = ANY((:categories)::text[])
ORDER BY category_id FOR NO KEY UPDATE;

-- name: save_suppliers
-- Keep each supplier's newest state; returns the ids of those that were not older than what was known.
INSERT INTO supplier AS s (supplier_id, version, legal_name, contacts, contracts)
SELECT supplier_id, version, legal_name, contacts, contracts
FROM jsonb_populate_recordset(NULL::supplier, (:rows)::jsonb) ORDER BY supplier_id
ON CONFLICT (supplier_id) DO UPDATE
SET version = excluded.version, legal_name = excluded.legal_name,
    contacts = excluded.contacts, contracts = excluded.contracts
WHERE s.version <= excluded.version
RETURNING supplier_id;

-- name: save_categories!
-- Keep each category's newest state.
INSERT INTO category AS c (category_id, version, names)
SELECT category_id, version, names
FROM jsonb_populate_recordset(NULL::category, (:rows)::jsonb) ORDER BY category_id
ON CONFLICT (category_id) DO UPDATE SET version = excluded.version, names = excluded.names
WHERE c.version <= excluded.version;

-- name: add_occasions!
-- Remember events that somebody must hear of.
INSERT INTO occasion (event_id, kind, supplier_id, category_id, facts, correlation_id, occurred_at, settled)
SELECT event_id, kind, supplier_id, category_id, facts, correlation_id, occurred_at, false
FROM jsonb_populate_recordset(NULL::occasion, (:rows)::jsonb) ORDER BY event_id
ON CONFLICT DO NOTHING;

-- name: lock_open_of_suppliers
-- Occasions that may have become complete with these suppliers.
SELECT event_id, kind, supplier_id, category_id, facts FROM occasion
WHERE NOT settled AND supplier_id = ANY((:suppliers)::uuid[])
ORDER BY event_id FOR UPDATE;

-- name: lock_open_of_categories
-- Occasions that may have become complete with these categories.
SELECT event_id, kind, supplier_id, category_id, facts FROM occasion
WHERE NOT settled AND category_id = ANY((:categories)::text[])
ORDER BY event_id FOR UPDATE;

-- name: arrived_suppliers
-- What decides who hears: contacts with their roles, and the regions of each contract.
SELECT supplier_id, contacts, contracts FROM supplier
WHERE supplier_id = ANY((:suppliers)::uuid[]) AND version > 0;

-- name: arrived_categories
-- Categories whose names are known.
SELECT category_id FROM category WHERE category_id = ANY((:categories)::text[]) AND version > 0;

-- name: settle_occasions!
-- Everybody who must hear of these has a notice.
UPDATE occasion SET settled = true WHERE event_id = ANY((:events)::uuid[]);

-- name: add_recipients!
-- Stubs for recipients who have no address yet.
INSERT INTO recipient (kind, id)
SELECT DISTINCT recipient_kind, recipient_id FROM jsonb_populate_recordset(NULL::notice, (:rows)::jsonb)
ORDER BY recipient_kind, recipient_id
ON CONFLICT DO NOTHING;

-- name: lock_recipients
-- Nobody's address changes between reading it here and committing the notice.
SELECT kind, id FROM recipient
WHERE (kind, id) IN (
    SELECT recipient_kind, recipient_id FROM jsonb_populate_recordset(NULL::notice, (:rows)::jsonb)
)
ORDER BY kind, id FOR SHARE;

-- name: add_notices!
-- One per event and recipient, however often it is asked for; it waits where there is no address.
INSERT INTO notice (notice_id, event_id, recipient_kind, recipient_id, state, due_at, made_at)
SELECT n.notice_id, n.event_id, n.recipient_kind, n.recipient_id,
       CASE WHEN r.email IS NULL THEN 'no_address' ELSE 'queued' END, n.made_at, n.made_at
FROM jsonb_populate_recordset(NULL::notice, (:rows)::jsonb) AS n
JOIN recipient AS r ON (r.kind, r.id) = (n.recipient_kind, n.recipient_id)
ORDER BY n.event_id, n.recipient_kind, n.recipient_id
ON CONFLICT (event_id, recipient_kind, recipient_id) DO NOTHING;

-- name: save_recipients!
-- Write or change names, addresses and languages.
INSERT INTO recipient (kind, id, name, email, language, supplier_id)
SELECT kind, id, name, email, language, supplier_id
FROM jsonb_populate_recordset(NULL::recipient, (:rows)::jsonb) ORDER BY kind, id
ON CONFLICT (kind, id) DO UPDATE
SET name = excluded.name, email = excluded.email, language = excluded.language, supplier_id = excluded.supplier_id;

-- name: forget_contacts!
-- Contacts that a supplier no longer names: no mail goes to who has left.
UPDATE recipient SET name = NULL, email = NULL
WHERE kind = 'supplier_contact' AND supplier_id = ANY((:suppliers)::uuid[]) AND NOT id = ANY((:contacts)::text[]);

-- name: sort_waiting_of_suppliers!
-- After their contacts' addresses changed: what waits for an address, and what for its turn.
UPDATE notice AS n SET state = CASE WHEN r.email IS NULL THEN 'no_address' ELSE 'queued' END
FROM recipient AS r
WHERE (r.kind, r.id) = (n.recipient_kind, n.recipient_id) AND r.supplier_id = ANY((:suppliers)::uuid[])
  AND n.state = CASE WHEN r.email IS NULL THEN 'queued' ELSE 'no_address' END;

-- name: queue_waiting_of_recipient!
-- The recipient has an address now.
UPDATE notice SET state = 'queued'
WHERE state = 'no_address' AND recipient_kind = :kind AND recipient_id = :id;

-- name: claim_due
-- Take notices whose time has come, or whose sender let its time run out, and that no other sender is taking.
-- (By an array of ids, here and in the next ones: as a join the planner would read the table, or all that is being sent.)
WITH due AS MATERIALIZED (
    SELECT notice_id FROM notice WHERE state IN ('queued', 'sending') AND due_at <= :now
    ORDER BY due_at, notice_id LIMIT :limit FOR UPDATE SKIP LOCKED
)
UPDATE notice SET state = 'sending', due_at = :until
WHERE notice_id = ANY(ARRAY(SELECT notice_id FROM due))
RETURNING notice_id;

-- name: load_mails
-- What the texts of claimed notices need.
SELECT n.notice_id, n.attempts + 1 AS attempt, o.kind, o.correlation_id, o.facts,
       o.category_id, c.names, s.legal_name, s.contracts, n.recipient_kind, r.name, r.email, r.language,
       office.name AS office_name, office.email AS office_email, auditor.name AS auditor_name
FROM notice AS n
JOIN occasion AS o USING (event_id)
JOIN supplier AS s USING (supplier_id)
JOIN category AS c USING (category_id)
JOIN recipient AS r ON (r.kind, r.id) = (n.recipient_kind, n.recipient_id)
LEFT JOIN recipient AS office ON (office.kind, office.id) = ('national_office', :office)
LEFT JOIN recipient AS auditor ON (auditor.kind, auditor.id) = ('auditor', o.facts ->> 'auditor_id')
WHERE n.notice_id = ANY((:notices)::uuid[])
ORDER BY n.notice_id;

-- name: lock_notices
-- What is recorded and begun together is locked in the order of its keys.
SELECT notice_id FROM notice WHERE notice_id = ANY((:notices)::uuid[]) ORDER BY notice_id FOR UPDATE;

-- name: begin_attempts
-- Of all who may hold a claim on one, the first to begin sends it; `begun`: by when its own earlier tries to begin would be
-- over, of which nobody knows whether they were committed.
WITH begun AS MATERIALIZED (
    SELECT * FROM json_to_recordset((:rows)::json) AS b (notice_id uuid, number integer, begun timestamptz[])
)
UPDATE notice AS n SET attempts = b.number, due_at = :until
FROM begun AS b
WHERE n.notice_id = ANY(ARRAY(SELECT notice_id FROM begun)) AND n.notice_id = b.notice_id AND (n.state = 'sending') IS TRUE
  AND (n.attempts = b.number - 1 OR (n.attempts = b.number AND n.due_at = ANY(b.begun)))
RETURNING n.notice_id;

-- name: record_tries!
-- Record how tries ended, and what that means for their notices. The server has the mail: true whoever else may have claimed
-- it meanwhile. Refused for good, or not now: only of the try that was begun last. Not now: again at due_at, unless the
-- recipient has lost the address.
WITH tried AS MATERIALIZED (
    SELECT * FROM json_to_recordset((:rows)::json) AS t (
        notice_id uuid, number integer, at timestamptz, outcome text, smtp_code integer, reply text, due_at timestamptz
    )
), kept AS (
    INSERT INTO attempt (notice_id, number, at, outcome, smtp_code, reply)
    SELECT notice_id, number, at, outcome, smtp_code, reply FROM tried
    ON CONFLICT DO NOTHING
), decisive AS (
    SELECT DISTINCT ON (notice_id) *, outcome = 'accepted' AS accepted FROM tried
    ORDER BY notice_id, outcome = 'accepted' DESC, number DESC
)
UPDATE notice AS n
SET accepted_at = CASE WHEN t.accepted THEN t.at END, reason = CASE WHEN NOT t.accepted THEN t.reply END,
    due_at = CASE t.outcome WHEN 'temporary' THEN t.due_at ELSE n.due_at END,
    state = CASE t.outcome WHEN 'accepted' THEN 'sent' WHEN 'permanent' THEN 'failed' ELSE (
        SELECT CASE WHEN r.email IS NULL THEN 'no_address' ELSE 'queued' END FROM recipient AS r
        WHERE (r.kind, r.id) = (n.recipient_kind, n.recipient_id)
    ) END
FROM decisive AS t
WHERE n.notice_id = ANY(ARRAY(SELECT notice_id FROM tried)) AND n.notice_id = t.notice_id
  AND CASE WHEN t.accepted THEN n.state <> 'sent' ELSE n.attempts = t.number AND n.state = 'sending' END;

-- name: save_recipient!
-- Write a recipient over the API: a new one, or the known version; counts 0 where somebody was faster.
INSERT INTO recipient AS r (kind, id, name, email, language) VALUES (:kind, :id, :name, :email, :language)
ON CONFLICT (kind, id) DO UPDATE
SET name = excluded.name, email = excluded.email, language = excluded.language, version = r.version + 1
WHERE r.version = :known OR (r.email IS NULL AND (:known)::integer IS NULL);

-- name: forget_recipient!
-- Nothing goes there any more; notices wait for a new address. Counts 0 where somebody was faster.
UPDATE recipient SET name = NULL, email = NULL, version = version + 1
WHERE kind = :kind AND id = :id AND version = :known;

-- name: stop_mail_of_recipient!
-- The recipient has no address any more.
UPDATE notice SET state = 'no_address'
WHERE state = 'queued' AND recipient_kind = :kind AND recipient_id = :id;

-- name: recipients
-- Whoever was written over the API: all, or one.
SELECT kind, id, version, name, email, language FROM recipient
WHERE kind <> 'supplier_contact' AND email IS NOT NULL
  AND ((:kind)::text IS NULL OR kind = :kind) AND ((:id)::text IS NULL OR id = :id);

-- name: list_notices
-- Notices that every filter lets through.
SELECT * FROM notice_overview
WHERE ((:supplier_id)::uuid IS NULL OR supplier_id = :supplier_id)
  AND ((:kind)::text IS NULL OR kind = :kind)
  AND ((:state)::text IS NULL OR state = :state);

-- name: get_notice^
-- One of them.
SELECT * FROM notice_overview WHERE notice_id = :notice_id;

-- name: attempts_of
-- Every try that could be recorded.
SELECT number, at, outcome, smtp_code, reply FROM attempt WHERE notice_id = :notice_id ORDER BY number;

-- name: counts
-- Mail by state, and occasions that still lack something.
SELECT state, count(*) AS count FROM notice GROUP BY state
UNION ALL
SELECT 'open', count(*) FROM occasion WHERE NOT settled;
