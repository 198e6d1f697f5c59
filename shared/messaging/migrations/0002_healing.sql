-- What it takes to be made whole: where a stream's head belongs, resends to one queue alone, and what is known to be missing.

-- migrate:up
ALTER TABLE stream ADD COLUMN departement text NOT NULL DEFAULT '';
COMMENT ON COLUMN stream.departement IS 'The département that the last event was about: whose queues its head concerns.';

ALTER TABLE outbox ADD COLUMN queue text NOT NULL DEFAULT '';
ALTER TABLE outbox DROP CONSTRAINT outbox_pkey;
ALTER TABLE outbox ADD PRIMARY KEY (position, queue);
COMMENT ON COLUMN outbox.queue IS 'Empty: told to all who listen. Else: sent again to this queue alone, which missed it.';

ALTER TABLE inbox_waiting ADD COLUMN departement text NOT NULL DEFAULT '';

CREATE TABLE inbox_expected (
    source text NOT NULL,
    subject text NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    departement text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    asked integer NOT NULL DEFAULT 0,
    next_ask_at timestamptz NOT NULL,
    PRIMARY KEY (subject, source)
);
COMMENT ON TABLE inbox_expected IS 'Streams known to go further than what was applied: one request each, again with growing pauses.';
CREATE INDEX inbox_expected_next_ask_at ON inbox_expected (next_ask_at);

-- migrate:down
