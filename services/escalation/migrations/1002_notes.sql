-- What the national team notes for itself about a dossier.

-- migrate:up
CREATE TABLE note (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES escalation,
    at timestamptz NOT NULL,
    text text NOT NULL CHECK (text <> ''),
    by jsonb NOT NULL
);
COMMENT ON TABLE note IS 'Internal notes of the national team: shown to nobody else, told to nobody';
CREATE INDEX note_of_request ON note (request_id, at);
CREATE INDEX escalation_by_fields ON escalation USING gin (fields);

-- migrate:down
