-- Who opened which document of which case.

-- migrate:up
CREATE TABLE document_access (
    request_id uuid NOT NULL,
    departement text NOT NULL,
    document_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    email text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX document_access_of_case ON document_access (request_id, departement, at);
COMMENT ON TABLE document_access IS 'Who opened which document of which case, each time';

-- migrate:down
