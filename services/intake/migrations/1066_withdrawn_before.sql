-- Why: what was withdrawn before owners answered was accepted.

-- migrate:up
UPDATE request SET withdrawal = jsonb_build_object('at', status_at, 'state', 'accepted', 'reason', NULL, 'beneath', NULL)
WHERE status = 'withdrawn';

-- migrate:down
