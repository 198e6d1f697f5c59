-- migrate:up
CREATE TABLE consultation (
    agent_id uuid NOT NULL,
    email text NOT NULL,
    request_id uuid,
    path text NOT NULL,
    at timestamptz NOT NULL
);
COMMENT ON TABLE consultation IS
    'Who was shown what, and when; once a minute per agent, path and request. A list or an export has its filter in the path';
CREATE INDEX consultation_of_request ON consultation (request_id, at);
CREATE INDEX consultation_of_agent ON consultation (agent_id, at);

-- migrate:down
