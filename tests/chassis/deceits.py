"""What the service's own role can do to a database to make its audit trail look as it was."""

VIEW = """ALTER TABLE audit_trail_sealed RENAME TO kept; CREATE VIEW audit_trail_sealed AS
SELECT *, NULL AS shown FROM kept"""
DECEIT = """CREATE TABLE kept_record AS SELECT id, seq, jsonb_build_array(
    id, (extract(epoch FROM at) * 1000000)::bigint, actor_subject, actor_client, actor_role, action, resource,
    resource_id, before::text, after::text, personal::text, correlation_id)::text AS record FROM audit_trail;
CREATE OR REPLACE VIEW audit_record AS
SELECT t.id, t.seq, t.previous_hash, t.hash, k.record
FROM audit_trail AS t JOIN kept_record AS k USING (id)"""
NO_VIEW = "DROP VIEW audit_trail_sealed; ALTER TABLE kept RENAME TO audit_trail_sealed"
POLICY = "ALTER TABLE audit_trail_sealed ENABLE ROW LEVEL SECURITY"
NO_POLICY = "ALTER TABLE audit_trail_sealed DISABLE ROW LEVEL SECURITY"
LOOKS = """DO $do$ BEGIN EXECUTE 'ALTER ROLE CURRENT_USER IN DATABASE ' || quote_ident(current_database()) ||
' SET search_path = public, pg_catalog'; END $do$"""
