"""The SQL of the peers, in the way psycopg2 writes parameters; `numbered` turns it into asyncpg's."""

from __future__ import annotations

from itertools import count

KEEP_EVENT = "INSERT INTO inbox (queue, event_id) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING event_id"
# Locks the case, keeps its new score, and answers the old one: one round trip
SAVE_SCORE = """
UPDATE score AS s SET value = %s
FROM (SELECT supplier_id, category_id, value FROM score
      WHERE supplier_id = %s AND category_id = %s FOR NO KEY UPDATE) AS old
WHERE s.supplier_id = old.supplier_id AND s.category_id = old.category_id
RETURNING old.value"""
ADD_SCORE = """
INSERT INTO score_history (score_id, supplier_id, category_id, value, previous, explained, cause)
VALUES (%s, %s, %s, %s, %s, %s, %s)"""
ADD_AUDIT = """
INSERT INTO audit (audit_id, supplier_id, category_id, kind, due_on, explained, cause)
VALUES (%s, %s, %s, %s, %s, %s, %s)"""
ADD_NOTICE = """
INSERT INTO notice (notice_id, event_id, supplier_id, audit_id, text) VALUES (%s, %s, %s, %s, %s)"""
ADD_ASSESSMENT = "INSERT INTO assessment (assessment_id, data) VALUES (%s, %s)"
ADD_TO_OUTBOX = "INSERT INTO outbox (type, headers, body) VALUES (%s, '{}', %s)"
# By an array of ids, not by a join: the plan stays good however much waits
TAKE_FROM_OUTBOX = """
DELETE FROM outbox
WHERE id = ANY(ARRAY(SELECT id FROM outbox ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED))
RETURNING id, body"""


def numbered(statement: str) -> str:
    """Return the statement with $1, $2, … instead of %s."""
    parts, numbers = statement.split("%s"), count(1)
    return parts[0] + "".join(f"${next(numbers)}{part}" for part in parts[1:])
