-- Why: an operator tries a subscription with a test event, and sees which ones were suspended after failures.

-- migrate:up
CREATE TABLE webhook_test (
    webhook_id uuid PRIMARY KEY REFERENCES webhook,
    requested_by uuid NOT NULL REFERENCES agent,
    requested_at timestamptz NOT NULL
);
COMMENT ON TABLE webhook_test IS 'Test events that are to be sent, at most one per subscription; removed when the attempt begins';

ALTER TABLE webhook_attempt ADD COLUMN test boolean NOT NULL DEFAULT false;
ALTER TABLE webhook ADD COLUMN gave_up_at timestamptz;
COMMENT ON COLUMN webhook.gave_up_at IS 'When it was suspended after failures; NULL while active or when suspended by an operator';

-- migrate:down
