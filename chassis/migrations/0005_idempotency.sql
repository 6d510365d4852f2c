-- Answers to creating requests, by the client's own key: who sends a request again gets its first answer again.
CREATE TABLE idempotency_key (
    client text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status integer NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (client, key)
);
CREATE INDEX idempotency_key_age ON idempotency_key (made_at);
