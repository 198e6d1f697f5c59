-- Dead letters are kept in the quarantine, and the service itself takes what operators flag for another attempt.

-- migrate:up

-- Rows that were replayed before stand for messages that were handed over: nothing is to be taken of them.
ALTER TABLE quarantine ADD COLUMN taken boolean NOT NULL DEFAULT TRUE;
ALTER TABLE quarantine ALTER COLUMN taken SET DEFAULT FALSE;
ALTER TABLE quarantine ADD COLUMN deaths integer;
COMMENT ON COLUMN quarantine.taken IS
    'Replayed: whether the service has consumed the message again. Operators have no right to change it.';
COMMENT ON COLUMN quarantine.deaths IS
    'How often the broker gave the message up, for a dead letter; NULL for what could not be read or believed.';

-- migrate:down
