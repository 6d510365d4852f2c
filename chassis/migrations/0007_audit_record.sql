-- What a row's hash is made of tells a missing value from JSON's null, too. Nothing had been sealed before.
CREATE OR REPLACE VIEW audit_record AS
SELECT id, seq, previous_hash, hash,
       jsonb_build_array(
           id, (extract(epoch FROM at) * 1000000)::bigint, actor_subject, actor_client, actor_role,
           action, resource, resource_id, before::text, after::text, personal::text, correlation_id
       )::text AS record
FROM audit_trail;
