-- What the handlers of the tests leave behind: how often each thing was handled.
CREATE TABLE thing (
    name text PRIMARY KEY,
    times integer NOT NULL DEFAULT 1
);

-- Fails at commit, not at the statement.
CREATE TABLE seat (
    thing text NOT NULL,
    number integer NOT NULL,
    UNIQUE (number) DEFERRABLE INITIALLY DEFERRED
);
