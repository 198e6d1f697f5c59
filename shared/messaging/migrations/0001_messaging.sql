-- What PostgreSQL remembers of the messages a service tells (stream, journal, outbox) and hears (inbox_*, quarantine).

-- migrate:up
CREATE TABLE stream (
    source text NOT NULL,
    subject text NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    hash bytea NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, subject)
);
COMMENT ON TABLE stream IS 'The head of each stream told: its last sequence and the hash of its last event.';
CREATE INDEX stream_changed_at ON stream (changed_at);

CREATE TABLE journal (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    source text NOT NULL,
    subject text NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    type text NOT NULL,
    routing_key text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    body text NOT NULL,
    hash bytea NOT NULL,
    UNIQUE (source, subject, sequence)
);
COMMENT ON TABLE journal IS
    'Every event told, for ever; hash = sha256(hash of the event before it in its stream || body), so that tampering shows.';

CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only';
END
$$;
CREATE TRIGGER journal_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only();

CREATE TABLE outbox (
    position bigint PRIMARY KEY REFERENCES journal (position),
    waiting_since timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 2000, fillfactor = 90);
COMMENT ON TABLE outbox IS 'The events that the broker has not confirmed yet; kept small, so that the relay stays fast.';

CREATE TABLE inbox_stream (
    source text NOT NULL,
    subject text NOT NULL,
    applied bigint NOT NULL DEFAULT 0 CHECK (applied >= 0),
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject, source)
);
COMMENT ON TABLE inbox_stream IS 'The last event applied of each stream heard, changed in the transaction of its effect.';

CREATE TABLE inbox_waiting (
    source text NOT NULL,
    subject text NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    event_id text NOT NULL,
    type text NOT NULL,
    body bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject, source, sequence)
);
COMMENT ON TABLE inbox_waiting IS 'Events that came before their turn, or whose stream is held.';
CREATE INDEX inbox_waiting_received_at ON inbox_waiting (received_at);

CREATE TABLE inbox_held (
    source text NOT NULL,
    subject text NOT NULL,
    sequence bigint NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL CHECK (attempts >= 1),
    next_attempt_at timestamptz,
    held_since timestamptz NOT NULL DEFAULT now(),
    last_attempt_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject, source)
);
COMMENT ON TABLE inbox_held IS
    'Streams that wait because one of their events could not be applied; without next_attempt_at, an operator decides.';
CREATE INDEX inbox_held_next_attempt_at ON inbox_held (next_attempt_at);

CREATE TABLE inbox_attempt (
    fingerprint bytea PRIMARY KEY,
    attempts integer NOT NULL DEFAULT 1,
    first_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE inbox_attempt IS 'How often a redelivered message was begun: one that kills its consumer is found by it.';

CREATE TABLE quarantine (
    id uuid PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT now(),
    reason text NOT NULL,
    routing_key text NOT NULL,
    body bytea NOT NULL,
    settled_at timestamptz,
    settled_by text,
    settlement text CHECK (settlement IN ('replayed', 'discarded')),
    why text,
    CHECK ((settled_at IS NULL) = (settlement IS NULL))
);
COMMENT ON TABLE quarantine IS 'Messages that nobody can read, with their bytes.';
CREATE INDEX quarantine_open ON quarantine (received_at) WHERE settled_at IS NULL;

CREATE TABLE operation (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    by text NOT NULL,
    action text NOT NULL,
    target text NOT NULL,
    why text NOT NULL
);
COMMENT ON TABLE operation IS 'What operators did to messages, with who and why.';

-- migrate:down
