-- Who wrote what (docs/audit-trail.md), and what changed, in an order that readers can rely on. The sealer stamps
-- `seq` on what is committed: gapless, and never again in another order.

-- Rows move from the one partition into the other when they are sealed. So a writer pays for a small heap and one
-- index, the sealer never searches, and what is sealed lies in the order of `seq` and is never touched again.
CREATE TABLE audit_trail (
    id bigserial NOT NULL,
    seq bigint,
    at timestamptz NOT NULL,
    actor_subject text, -- null in all three: the service itself
    actor_client text,
    actor_role text,
    action text NOT NULL,
    resource text NOT NULL,
    resource_id text NOT NULL,
    before jsonb,
    after jsonb,
    personal jsonb, -- salted hashes of personal values, by JSON pointers that begin with /before or /after
    correlation_id text,
    previous_hash bytea,
    hash bytea
) PARTITION BY LIST ((seq IS NULL));
CREATE TABLE audit_trail_unsealed PARTITION OF audit_trail (PRIMARY KEY (id)) FOR VALUES IN (true);
CREATE TABLE audit_trail_sealed PARTITION OF audit_trail (
    PRIMARY KEY (seq), CHECK (previous_hash IS NOT NULL AND hash IS NOT NULL)
) FOR VALUES IN (false);
CREATE INDEX audit_trail_by_id ON audit_trail_sealed (resource_id, seq);
CREATE INDEX audit_trail_by_resource ON audit_trail_sealed (resource, seq);
CREATE INDEX audit_trail_by_actor ON audit_trail_sealed (actor_subject, seq);

-- The text that a row's hash is made of, together with its seq and the hash of the row before.
CREATE VIEW audit_record AS
SELECT id, seq, previous_hash, hash,
       jsonb_build_array(
           id, (extract(epoch FROM at) * 1000000)::bigint, actor_subject, actor_client, actor_role,
           action, resource, resource_id, before, after, personal, correlation_id
       )::text AS record
FROM audit_trail;

-- What makes the hashes of a thing's personal values incomparable with a guess, once it is deleted.
CREATE TABLE trail_salt (
    resource text NOT NULL,
    resource_id text NOT NULL,
    salt bytea NOT NULL DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()),
    PRIMARY KEY (resource, resource_id)
);

-- Every write, by a person or an event, for who polls /changes; owners null: everybody may know.
CREATE TABLE changes (
    entry bigserial NOT NULL,
    seq bigint,
    at timestamptz NOT NULL,
    resource text NOT NULL,
    id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('created', 'changed', 'deleted', 'merged')),
    merged_into text,
    owners jsonb,
    CHECK ((kind = 'merged') = (merged_into IS NOT NULL))
) PARTITION BY LIST ((seq IS NULL));
CREATE TABLE changes_unsealed PARTITION OF changes (PRIMARY KEY (entry)) FOR VALUES IN (true);
CREATE TABLE changes_sealed PARTITION OF changes (PRIMARY KEY (seq)) FOR VALUES IN (false);

-- How far each is sealed. Kept apart from the rows, so that a chain whose end was cut off is not simply continued.
CREATE TABLE seal (
    feed text PRIMARY KEY,
    seq bigint NOT NULL,
    hash bytea
);
INSERT INTO seal (feed, seq, hash) VALUES ('audit_trail', 0, decode(repeat('00', 32), 'hex')), ('changes', 0, NULL);

-- Up to where `changes` reached when an epoch began: who had read further in an earlier one has read what is lost.
CREATE TABLE changes_epoch (
    epoch bigint PRIMARY KEY,
    seq bigint NOT NULL
);

-- As with the outbox: rows stay for about a second, and the dead ones must not lie in the sealer's way.
ALTER TABLE audit_trail_unsealed SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0
);
ALTER TABLE changes_unsealed SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0
);
