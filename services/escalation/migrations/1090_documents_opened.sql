-- Who opened which document of which dossier.

-- migrate:up
CREATE TABLE document_access (
    request_id uuid NOT NULL,
    document_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    email text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX document_access_of_request ON document_access (request_id, at);
COMMENT ON TABLE document_access IS 'Who opened which document or deliverable of which dossier, each time';

-- migrate:down
