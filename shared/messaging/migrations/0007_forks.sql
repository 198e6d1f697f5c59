-- What a listener needs to notice that the stream it applied and the stream of its source are not the same any more.

-- migrate:up
ALTER TABLE stream ADD COLUMN previous_hash bytea;
COMMENT ON COLUMN stream.previous_hash IS
    'The hash of the event before the last one: the last event carries it in its envelope (previoushash).';

ALTER TABLE inbox_stream ADD COLUMN hash bytea;
COMMENT ON COLUMN inbox_stream.hash IS
    'The chain hash of the last applied event, equal to journal.hash of its source; NULL: not known (applied before this column).';
ALTER TABLE inbox_stream ADD COLUMN digests bytea NOT NULL DEFAULT '';
COMMENT ON COLUMN inbox_stream.digests IS
    'Eight bytes of sha256(body) for each of the last 200 applied events; the last eight belong to event number applied.';

ALTER TABLE inbox_waiting ADD COLUMN digest bytea NOT NULL DEFAULT '';
UPDATE inbox_waiting SET digest = sha256(body);
ALTER TABLE inbox_waiting DROP CONSTRAINT inbox_waiting_pkey;
ALTER TABLE inbox_waiting ADD PRIMARY KEY (subject, source, sequence, digest);
COMMENT ON TABLE inbox_waiting IS
    'Events that came before their turn, or whose stream is held; two events of one number are both kept.';

ALTER TABLE inbox_held ADD COLUMN code text NOT NULL DEFAULT 'failed'
    CHECK (code IN ('failed', 'waits_for_another', 'newer_than_this_service', 'forked'));
COMMENT ON COLUMN inbox_held.code IS 'Why the stream is held, for programs; reason says it in words.';
ALTER TABLE inbox_held ADD COLUMN departement text NOT NULL DEFAULT '';
ALTER TABLE inbox_held ADD COLUMN claimed_hash bytea;
COMMENT ON COLUMN inbox_held.claimed_hash IS 'Forked: the chain hash that the source claims at this sequence, where it is known.';
ALTER TABLE inbox_held ADD COLUMN asked_at timestamptz;
COMMENT ON COLUMN inbox_held.asked_at IS 'Forked: when the source was last told what was applied here.';

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
    'Streams of this service of which a listener (its queue) applied an event that is not in our journal.';

-- migrate:down
