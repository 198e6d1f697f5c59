-- Why: contacts of requests filed before have been reached by mail, or their département has dealt with them.

-- migrate:up
UPDATE request SET contact_confirmed_at = submitted_at WHERE contact_confirmed_at IS NULL;

-- migrate:down
