-- Why: agents see at a glance, on every page, what is new for their team; each reads it for himself.

-- migrate:up
CREATE TABLE bell_read (
    agent_id uuid NOT NULL REFERENCES agent,
    delivery_id uuid NOT NULL REFERENCES delivery,
    read_at timestamptz NOT NULL,
    PRIMARY KEY (agent_id, delivery_id)
);
COMMENT ON TABLE bell_read IS 'What an agent marked as read, of the mails that his teams'' mailboxes were owed';
CREATE INDEX delivery_of_holder ON delivery (holder, created_at DESC);

-- migrate:down
