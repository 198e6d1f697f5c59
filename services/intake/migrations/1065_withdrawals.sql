-- Why: a request to withdraw waits for the answer of the current step's owner; when it is declined the request goes on.

-- migrate:up
ALTER TABLE request ADD COLUMN withdrawal jsonb;
COMMENT ON COLUMN request.withdrawal IS 'The latest request to withdraw: its moment, its state, the reason of a refusal, and where the request stands beneath it while it waits';

-- migrate:down
