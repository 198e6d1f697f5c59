-- What is kept apart: messages that kill whoever reads them, damaged ones, and what is sent again from what is new.

-- migrate:up
ALTER TABLE inbox_attempt ADD COLUMN readable boolean NOT NULL DEFAULT FALSE;
COMMENT ON COLUMN inbox_attempt.readable IS 'Whether it was ever read without ending its consumer.';
ALTER TABLE inbox_attempt ADD COLUMN last_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX inbox_attempt_last_at ON inbox_attempt (last_at);

ALTER TABLE quarantine ADD COLUMN damaged boolean NOT NULL DEFAULT FALSE;
COMMENT ON COLUMN quarantine.damaged IS 'Not the bytes that were sent: it may read well, mean something else, and is never applied.';
UPDATE quarantine SET damaged = TRUE WHERE reason LIKE 'damaged on its way%';

CREATE INDEX outbox_again ON outbox (position, queue) WHERE queue <> '';
CREATE INDEX outbox_new ON outbox (position) WHERE queue = '';
COMMENT ON COLUMN outbox.queue IS
    'Empty: told for the first time. A name: sent again to this queue alone, which missed it. *: sent again to all who listen.';

ALTER TABLE inbox_expected ADD COLUMN asked_to bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN inbox_expected.asked_to IS 'The last place of which an answer to the last request may tell; once applied, the next may be asked for.';

-- migrate:down
