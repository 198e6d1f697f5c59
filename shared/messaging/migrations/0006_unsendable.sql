-- Why: an event that the broker refuses for what it is would stop its relay for ever; it is set aside, and the rest flows.

-- migrate:up
ALTER TABLE outbox ADD COLUMN unsendable_since timestamptz;
ALTER TABLE outbox ADD COLUMN unsendable_reason text;
COMMENT ON COLUMN outbox.unsendable_since IS
    'Set: the broker refuses this event for what it is, and the relay leaves it aside until an operator has it retried.';

DROP INDEX outbox_again;
CREATE INDEX outbox_again ON outbox (position, queue) WHERE queue <> '' AND unsendable_since IS NULL;
DROP INDEX outbox_new;
CREATE INDEX outbox_new ON outbox (position) WHERE queue = '' AND unsendable_since IS NULL;
CREATE INDEX outbox_unsendable ON outbox (position, queue) WHERE unsendable_since IS NOT NULL;

-- migrate:down
