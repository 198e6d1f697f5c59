-- Why: what is not sent is counted every few seconds; reading all that ever was sent for it takes longer each year.

-- migrate:up
CREATE INDEX delivery_unsent ON delivery (status, created_at) WHERE status <> 'sent';

-- migrate:down
