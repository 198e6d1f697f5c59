-- Tables of messaging: what a service publishes (stream, journal, outbox), what it consumes (inbox_*), and what
-- operators deal with (quarantine, operation).

-- migrate:up

-- What the service publishes.

CREATE TABLE stream (
    source text NOT NULL,
    subject text NOT NULL,
    departement text NOT NULL DEFAULT '',
    sequence bigint NOT NULL CHECK (sequence >= 1),
    hash bytea NOT NULL,
    previous_hash bytea,
    latest timestamptz,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, subject)
);
CREATE INDEX stream_changed_at ON stream (changed_at);
CREATE INDEX stream_by_departement ON stream (departement, source, subject);
COMMENT ON TABLE stream IS 'The head of a stream that this service publishes: sequence and hash of its last event.';
COMMENT ON COLUMN stream.departement IS 'The département of the last event: the head is sent to the queues bound for it.';
COMMENT ON COLUMN stream.previous_hash IS
    'The hash of the event before the last one: the last event carries it in its envelope (previoushash).';
COMMENT ON COLUMN stream.latest IS 'The latest time of an event of this stream; no later event gets an earlier time.';

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
COMMENT ON TABLE journal IS 'An event that this service recorded; rows are never changed or deleted.';
COMMENT ON COLUMN journal.hash IS 'sha256(hash of the event before it in its stream || body), so that tampering shows.';

CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only';
END
$$;
CREATE TRIGGER journal_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only();

CREATE TABLE outbox (
    position bigint NOT NULL REFERENCES journal (position),
    queue text NOT NULL DEFAULT '',
    waiting_since timestamptz NOT NULL DEFAULT now(),
    unsendable_since timestamptz,
    unsendable_reason text,
    PRIMARY KEY (position, queue)
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 2000, fillfactor = 90);
CREATE INDEX outbox_new ON outbox (position) WHERE queue = '' AND unsendable_since IS NULL;
CREATE INDEX outbox_again ON outbox (position, queue) WHERE queue <> '' AND unsendable_since IS NULL;
CREATE INDEX outbox_unsendable ON outbox (position, queue) WHERE unsendable_since IS NOT NULL;
COMMENT ON TABLE outbox IS 'An event that the broker has not confirmed yet; the table stays small, so that the relay stays fast.';
COMMENT ON COLUMN outbox.queue IS
    'Empty: published for the first time. A name: sent again to this queue alone, which missed it. *: sent again to all queues.';
COMMENT ON COLUMN outbox.unsendable_since IS
    'When the broker refused this event itself; the relay skips it until an operator has it retried.';

CREATE TABLE stream_fork (
    listener text NOT NULL,
    source text NOT NULL,
    subject text NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    hash bytea NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (listener, source, subject)
);
COMMENT ON TABLE stream_fork IS
    'A stream of this service of which a listener (its queue) applied an event that is not in the journal.';

-- What the service consumes.

CREATE TABLE inbox_stream (
    source text NOT NULL,
    subject text NOT NULL,
    applied bigint NOT NULL DEFAULT 0 CHECK (applied >= 0),
    hash bytea,
    digests bytea NOT NULL DEFAULT '',
    latest timestamptz,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject, source)
);
-- BRIN, because updates that change only columns of BRIN indexes stay HOT.
CREATE INDEX inbox_stream_changed ON inbox_stream
    USING brin (changed_at) WITH (pages_per_range = 16, autosummarize = on);
COMMENT ON TABLE inbox_stream IS
    'The last event applied of a consumed stream, changed in the transaction of the event''s effect.';
COMMENT ON COLUMN inbox_stream.hash IS
    'The chain hash of the last applied event, equal to journal.hash of its source; NULL: not known.';
COMMENT ON COLUMN inbox_stream.digests IS
    'Eight bytes of sha256(body) for each of the last 200 applied events; the last eight belong to event number applied.';
COMMENT ON COLUMN inbox_stream.latest IS 'The latest time of an applied event of this stream.';

CREATE TABLE inbox_waiting (
    source text NOT NULL,
    subject text NOT NULL,
    departement text NOT NULL DEFAULT '',
    sequence bigint NOT NULL CHECK (sequence >= 1),
    digest bytea NOT NULL DEFAULT '',
    event_id text NOT NULL,
    type text NOT NULL,
    body bytea NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subject, source, sequence, digest)
);
CREATE INDEX inbox_waiting_received_at ON inbox_waiting (received_at);
CREATE INDEX inbox_waiting_source ON inbox_waiting (source, received_at);
COMMENT ON TABLE inbox_waiting IS
    'A parked event: it came before its turn, or its stream is held. Two events with one number are both stored.';

CREATE TABLE inbox_held (
    source text NOT NULL,
    subject text NOT NULL,
    departement text NOT NULL DEFAULT '',
    sequence bigint NOT NULL,
    event_id text NOT NULL,
    type text NOT NULL,
    code text NOT NULL DEFAULT 'failed' CHECK (
        code IN ('failed', 'waits_for_another', 'newer_than_this_service', 'forked')
    ),
    reason text NOT NULL,
    attempts integer NOT NULL CHECK (attempts >= 1),
    next_attempt_at timestamptz,
    held_since timestamptz NOT NULL DEFAULT now(),
    last_attempt_at timestamptz NOT NULL DEFAULT now(),
    claimed_hash bytea,
    asked_at timestamptz,
    PRIMARY KEY (subject, source)
);
CREATE INDEX inbox_held_next_attempt_at ON inbox_held (next_attempt_at);
COMMENT ON TABLE inbox_held IS
    'A stream that stopped at an event which could not be applied; without next_attempt_at, an operator decides.';
COMMENT ON COLUMN inbox_held.code IS 'Why the stream is held, for programs; reason is for people.';
COMMENT ON COLUMN inbox_held.claimed_hash IS 'Forked: the chain hash that the source claims at this sequence, if known.';
COMMENT ON COLUMN inbox_held.asked_at IS 'Forked: when the source was last informed of what was applied here.';

CREATE TABLE inbox_expected (
    source text NOT NULL,
    subject text NOT NULL,
    departement text NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    since timestamptz NOT NULL DEFAULT now(),
    asked integer NOT NULL DEFAULT 0,
    asked_to bigint NOT NULL DEFAULT 0,
    next_ask_at timestamptz NOT NULL,
    PRIMARY KEY (subject, source)
);
CREATE INDEX inbox_expected_next_ask_at ON inbox_expected (next_ask_at);
CREATE INDEX inbox_expected_source ON inbox_expected (source);
COMMENT ON TABLE inbox_expected IS
    'A stream known to be longer than what was applied; its source is asked for the rest, with growing pauses.';
COMMENT ON COLUMN inbox_expected.asked_to IS
    'The last sequence that the answer to the last request may bring; once it is applied, the next may be asked for.';

CREATE TABLE inbox_attempt (
    fingerprint bytea PRIMARY KEY,
    attempts integer NOT NULL DEFAULT 1,
    readable boolean NOT NULL DEFAULT false,
    first_at timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX inbox_attempt_last_at ON inbox_attempt (last_at);
COMMENT ON TABLE inbox_attempt IS
    'How often the processing of a redelivered message began: this finds a message that ends its consumer.';
COMMENT ON COLUMN inbox_attempt.readable IS 'Whether it was ever parsed without ending its consumer.';

CREATE TABLE inbox_again (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    body bytea NOT NULL,
    routing_key text NOT NULL,
    user_id text,
    damaged boolean NOT NULL DEFAULT false,
    added_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE inbox_again IS
    'A message from quarantine or the dead letters that the service consumes as if it came from its queue, in this order.';

-- What operators deal with.

CREATE TABLE quarantine (
    id uuid PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT now(),
    reason text NOT NULL,
    routing_key text NOT NULL,
    body bytea NOT NULL,
    digest bytea,
    damaged boolean NOT NULL DEFAULT false,
    user_id text DEFAULT '',
    times integer NOT NULL DEFAULT 1 CHECK (times >= 1),
    last_at timestamptz,
    source text,
    subject text,
    sequence bigint,
    settled_at timestamptz,
    settled_by text,
    settlement text CHECK (settlement IN ('replayed', 'discarded')),
    why text,
    CHECK ((settled_at IS NULL) = (settlement IS NULL))
);
CREATE UNIQUE INDEX quarantine_digest ON quarantine (digest) WHERE settlement IS DISTINCT FROM 'replayed';
CREATE INDEX quarantine_open ON quarantine (received_at) WHERE settled_at IS NULL;
CREATE INDEX quarantine_stream ON quarantine (subject, source) WHERE settled_at IS NULL AND sequence IS NOT NULL;
COMMENT ON TABLE quarantine IS 'A message that cannot be read, with its bytes.';
COMMENT ON COLUMN quarantine.digest IS 'sha256(body); NULL: put here by an operator''s skip.';
COMMENT ON COLUMN quarantine.damaged IS
    'Not the bytes that were sent: it may parse and mean something else, and is never applied.';
COMMENT ON COLUMN quarantine.user_id IS
    'The broker user that published it, as RabbitMQ validated it; empty: not validated; NULL: checked when it came from the queue.';
COMMENT ON COLUMN quarantine.times IS 'How often these bytes came, the last time at last_at.';
COMMENT ON COLUMN quarantine.sequence IS
    'The place in the stream (source, subject) that the message claims, if that could be read.';

CREATE TABLE operation (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    by text NOT NULL,
    action text NOT NULL,
    target text NOT NULL,
    why text NOT NULL
);
COMMENT ON TABLE operation IS 'What an operator did to messages or to agents'' rights, with who and why.';

-- migrate:down
