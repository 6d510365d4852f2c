-- What the event backbone keeps in every service's database (docs/architecture.md, section 4).

-- The last version that this service has given to a subject: +1 per event about it, over all types.
CREATE TABLE subject_version (
    subject text PRIMARY KEY,
    version bigint NOT NULL
);

-- Events that are committed and not yet confirmed by the broker. Rows leave when they are published.
CREATE TABLE outbox (
    id bigserial PRIMARY KEY,
    type text NOT NULL,
    headers jsonb NOT NULL,
    body text NOT NULL,
    next_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Events that a queue's handler has dealt with: what makes at-least-once delivery have its effect once.
CREATE TABLE inbox (
    queue text NOT NULL,
    event_id uuid NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (queue, event_id)
);

-- Events that could not be dealt with: 'retry' ones come back by themselves, 'parked' ones wait for a person.
CREATE TABLE failed_event (
    queue text NOT NULL,
    event_key text NOT NULL,
    type text,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('retry', 'parked')),
    attempts integer NOT NULL,
    next_at timestamptz NOT NULL,
    reason text NOT NULL,
    traceback text NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (queue, event_key)
);
CREATE INDEX failed_event_due ON failed_event (next_at) WHERE state = 'retry';
