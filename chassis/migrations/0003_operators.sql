-- What operators decide about failed events stays with them; and what keeps the backbone's tables flat.

-- A discarded event is kept, with who decided it, when and why: nothing vanishes.
ALTER TABLE failed_event DROP CONSTRAINT failed_event_state_check;
ALTER TABLE failed_event
    ADD COLUMN discarded_by text,
    ADD COLUMN discarded_at timestamptz,
    ADD COLUMN discard_reason text,
    ADD CONSTRAINT failed_event_state_check CHECK (state IN ('retry', 'parked', 'discarded')),
    ADD CONSTRAINT failed_event_discard_is_explained CHECK (
        state <> 'discarded' OR (discarded_by <> '' AND discarded_at IS NOT NULL AND discard_reason <> '')
    );
CREATE INDEX failed_event_by_state ON failed_event (state, failed_at);

-- The inbox is pruned by when an event was handled. Not by the id, though it holds a time: an event may have waited
-- in its queue for longer than the inbox remembers, and its redelivery still has to be known.
CREATE INDEX inbox_handled ON inbox (handled_at);

-- Rows of the outbox live for milliseconds. Left to the defaults, which wait for a fifth of a table that once was
-- large, the claim would walk over the dead ones at the front of its index.
ALTER TABLE outbox SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0
);
ALTER TABLE inbox SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.1);
