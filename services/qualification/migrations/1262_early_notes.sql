-- Why: what the applicant sends may reach the next département before the transfer; it is applied when the case is opened.

-- migrate:up
CREATE TABLE early_note (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id uuid NOT NULL,
    type text NOT NULL,
    at timestamptz NOT NULL,
    data jsonb NOT NULL,
    arrived_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX early_note_of_request ON early_note (request_id, position);
COMMENT ON TABLE early_note IS 'Facts of requests that no case was opened of yet, until the transfer is consumed';

-- migrate:down
