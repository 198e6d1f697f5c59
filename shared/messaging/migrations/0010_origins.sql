-- Which broker user published a message that was put aside, and messages that an operator hands to the service again.

-- migrate:up
ALTER TABLE quarantine ADD COLUMN user_id text DEFAULT '';
COMMENT ON COLUMN quarantine.user_id IS
    'The broker user that published it, as RabbitMQ validated it; empty: nobody vouches for it; NULL: checked when it came from the queue.';

CREATE TABLE inbox_again (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    body bytea NOT NULL,
    routing_key text NOT NULL,
    user_id text,
    damaged boolean NOT NULL DEFAULT FALSE,
    added_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE inbox_again IS
    'Messages from quarantine or from the dead letters that the service takes as if they came from its queue, in this order.';

-- migrate:down
