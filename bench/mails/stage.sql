-- The bench's own SQL: notices that wait to be mailed, each of a supplier of its own, and what became of them.

-- name: seed!
-- A category, an office, and suppliers with a contact, a contract and an invitation each; all fictive.
INSERT INTO category (category_id, version, names) VALUES ('handskar', 1, '{"sv": "Handskar", "en": "Gloves"}');
INSERT INTO recipient (kind, id, name, email, language)
VALUES ('national_office', 'national_office', 'Nationella kansliet', 'kansliet@kansliet.example', 'sv');
CREATE TEMPORARY TABLE made AS
SELECT number, gen_random_uuid() AS supplier_id, gen_random_uuid() AS contact_id, gen_random_uuid() AS event_id
FROM generate_series(1, :count) AS number;
INSERT INTO supplier (supplier_id, version, legal_name, contacts, contracts)
SELECT supplier_id, 1, 'Exempelleverantör ' || lpad(number::text, 6, '0') || ' AB',
       jsonb_build_array(jsonb_build_object('contact_id', contact_id, 'role', 'ceo')),
       '[{"category_id": "handskar", "regions": ["01", "12"], "clause_level": "advanced", "clause_version": "2.1"}]'
FROM made;
INSERT INTO recipient (kind, id, name, email, language, supplier_id)
SELECT 'supplier_contact', contact_id::text, 'Kim Exempel', 'kim' || lpad(number::text, 6, '0') || '@leverantor.example',
       CASE WHEN mod(number, 10) = 0 THEN 'en' ELSE 'sv' END, supplier_id
FROM made;
INSERT INTO occasion (event_id, kind, supplier_id, category_id, facts, correlation_id, occurred_at, settled)
SELECT event_id, 'assessment_invited', supplier_id, 'handskar',
       jsonb_build_object(
           'assessment_id', gen_random_uuid(), 'supplier_id', supplier_id, 'category_id', 'handskar', 'year', 2026,
           'deadline', '2027-01-02', 'invitation_id', gen_random_uuid(), 'generation', 1, 'contact_id', contact_id
       ),
       gen_random_uuid()::text, now(), true
FROM made;
INSERT INTO notice (notice_id, event_id, recipient_kind, recipient_id, state, due_at, made_at)
SELECT gen_random_uuid(), event_id, 'supplier_contact', contact_id::text, 'failed', now(), now() FROM made;
DROP TABLE made;

-- name: queue#
-- The same notices again, untried.
DELETE FROM attempt;
UPDATE notice SET state = 'queued', attempts = 0, due_at = now(), accepted_at = NULL, reason = NULL;

-- name: some_wait$
-- Whether any has not been sent.
SELECT EXISTS (SELECT FROM notice WHERE state IN ('queued', 'sending'));

-- name: outcome^
-- How it ended: what was sent at the first try, and the tries that were recorded.
SELECT (SELECT count(*) FROM notice WHERE state = 'sent' AND attempts = 1) AS sent,
       (SELECT count(*) FROM attempt) AS tries,
       (SELECT count(*) FROM attempt WHERE outcome = 'accepted' AND number = 1) AS accepted;
