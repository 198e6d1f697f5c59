-- Why: a programme's team sees the mails of the requests that were directed to it, and no others.

-- migrate:up
ALTER TABLE known_request ADD COLUMN programmes text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN known_request.programmes IS 'The national programmes that the request was directed to, or escalated for.';

-- migrate:down
