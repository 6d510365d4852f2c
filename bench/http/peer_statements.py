"""The peer's SQL, in its program as asyncpg's users have it; duplicates are found by the service's."""

from chassis.plans import plan
from services.suppliers.repository.duplicates import queries

SUPPLIER = "SELECT s.* FROM whole_supplier AS s "
ONE = SUPPLIER + "WHERE s.supplier_id = $1"
FIRST = SUPPLIER + "ORDER BY s.supplier_id LIMIT $1"
AFTER = SUPPLIER + "WHERE s.supplier_id > $2 ORDER BY s.supplier_id LIMIT $1"
HOLD = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 7305203))"
STORED = "SELECT fingerprint, status, headers, body FROM idempotency_key WHERE client = $1 AND key = $2"
KEEP = """INSERT INTO idempotency_key (client, key, fingerprint, status, headers, body)
VALUES ($1, $2, $3, 201, $4, $5)"""
CATEGORIES = "SELECT category_id FROM category WHERE category_id = ANY($1)"
ADD = """INSERT INTO supplier (supplier_id, legal_name, name_key, country, status, language, registered_at)
VALUES ($1, $2, $3, $4, 'active', $5, $6)"""
SHARE_ALIASES = "LOCK TABLE supplier_alias IN ROW SHARE MODE"
FIND_DUPLICATES = plan("find", queries.find.sql).prepare.removeprefix("AS ")
ADD_IDENTIFIER = """INSERT INTO identifier (scheme, value, supplier_id)
SELECT s, v, $3 FROM unnest($1::text[], $2::text[]) AS r (s, v) ORDER BY s, v ON CONFLICT DO NOTHING"""
ADD_CONTACT = "INSERT INTO contact SELECT * FROM jsonb_populate_recordset(NULL::contact, $1)"
ADD_SITE = "INSERT INTO site SELECT * FROM jsonb_populate_recordset(NULL::site, $1)"
COUNT_ON = """INSERT INTO subject_version AS v (subject, version) SELECT $1, (epoch << 40) + 1 FROM epoch
ON CONFLICT (subject) DO UPDATE SET version = greatest(excluded.version, v.version + 1) RETURNING version"""
TELL = "INSERT INTO outbox (type, headers, body) VALUES ('supplier_registered', $1, $2)"
SALT = "INSERT INTO trail_salt (resource, resource_id, salt) VALUES ('supplier', $1, $2)"
TRAIL = """INSERT INTO audit_trail_unsealed (at, actor_subject, actor_client, actor_role, action, resource,
    resource_id, after, personal, correlation_id)
VALUES ($1, $2, $3, $4, 'created', 'supplier', $5, $6, $7, $8)"""
CHANGED = "INSERT INTO changes_unsealed (at, resource, id, kind) VALUES ($1, 'supplier', $2, 'created')"
