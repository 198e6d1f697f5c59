-- Why: another service's stream may bring a step that came before the withdrawal was accepted; its mail would be untrue.

-- migrate:up
ALTER TABLE known_request ADD COLUMN withdrawn_at timestamptz;
COMMENT ON COLUMN known_request.withdrawn_at IS 'When the owner of the current step accepted that the applicant withdraws.';

-- migrate:down
