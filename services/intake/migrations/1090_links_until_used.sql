-- Why: a new tracking link ends the old one when it is used, not when it is asked for; and what a stranger's filing sends
-- to third parties waits until the contact has opened a mailed link.

-- migrate:up
ALTER TABLE request ADD COLUMN old_link_generation integer, ADD COLUMN contact_confirmed_at timestamptz;
COMMENT ON COLUMN request.link_generation IS 'The generation of the newest tracking link and access token';
COMMENT ON COLUMN request.old_link_generation IS 'The generation before it, which opens the request until the newest is used; null when none does';
COMMENT ON COLUMN request.contact_confirmed_at IS 'When somebody opened a link that was mailed to the contact; null while nobody has';

-- migrate:down
