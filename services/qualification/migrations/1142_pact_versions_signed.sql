-- Pacts that are signed have a version in force; what was not frozen when they were signed is written when they are amended.

-- migrate:up
INSERT INTO pact_version (pact_id, number, state, content, ready_at, signed_on)
SELECT id, 1, 'in_force', '{}', state_since, signed_on
FROM pact
WHERE state = 'signed';

-- migrate:down
