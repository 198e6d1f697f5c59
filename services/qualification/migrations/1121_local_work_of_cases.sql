-- Local answers that were given before they had a follow-up: the first contact is awaited, without a last day.

-- migrate:up
UPDATE case_file AS c
SET local_work = jsonb_build_object('state', 'expected', 'since', c.state_since),
    local_turn = 1
WHERE c.state = 'supported_locally'
  AND c.local_work IS NULL
  AND NOT EXISTS (
      SELECT FROM case_step AS s
      WHERE s.request_id = c.request_id AND s.departement = c.departement AND s.type = 'intake.request_closed.v1'
  );

UPDATE case_file AS c
SET local_work = jsonb_build_object('state', 'expected', 'since', o.answered_at, 'provider', o.provider),
    local_turn = 2
FROM orientation AS o
WHERE c.state = 'oriented_locally'
  AND c.local_work IS NULL
  AND o.request_id = c.request_id
  AND o.departement = c.departement
  AND o.state = 'accepted';

-- migrate:down
