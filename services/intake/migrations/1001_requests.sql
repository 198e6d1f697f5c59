-- Why: a request is filed once, numbered without holes, followed by its applicant, and remembered with what happened to it.

-- migrate:up
CREATE TABLE number_counter (
    departement text NOT NULL,
    year integer NOT NULL CHECK (year BETWEEN 2000 AND 9999),
    last integer NOT NULL CHECK (last >= 1),
    PRIMARY KEY (departement, year)
);
COMMENT ON TABLE number_counter IS 'The last number given in a département and year; its row is locked by the filing that takes the next one';

CREATE TABLE request (
    id uuid PRIMARY KEY,
    number text NOT NULL CONSTRAINT request_number_is_unique UNIQUE,
    filed_departement text NOT NULL,
    departement text NOT NULL,
    departement_at timestamptz NOT NULL,
    submitted_at timestamptz NOT NULL,
    filed_from text,
    body jsonb NOT NULL,
    status text NOT NULL,
    status_at timestamptz NOT NULL,
    team text CHECK (team IN ('applicant', 'departement', 'provider', 'national')),
    expected jsonb,
    resumes_as text,
    service jsonb,
    decision jsonb,
    decision_at timestamptz,
    evaluation_open boolean NOT NULL DEFAULT false,
    evaluated_at timestamptz,
    closed_at timestamptz,
    link_generation integer NOT NULL DEFAULT 1 CHECK (link_generation BETWEEN 1 AND 65535)
);
COMMENT ON COLUMN request.body IS 'The whole request as filed, as it travels in intake.request_submitted.v1';
COMMENT ON COLUMN request.status_at IS 'When the latest thing happened that gave the status, by the clock of whoever said it';
COMMENT ON COLUMN request.resumes_as IS 'The national state to go back to once the département has answered';
COMMENT ON COLUMN request.link_generation IS 'The only generation of tracking links and access tokens that opens the request';
CREATE INDEX request_to_close ON request (evaluated_at) WHERE status = 'evaluated';

CREATE TABLE filing (
    key_digest bytea PRIMARY KEY CHECK (octet_length(key_digest) = 32),
    body_digest bytea NOT NULL CHECK (octet_length(body_digest) = 32),
    request_id uuid NOT NULL REFERENCES request DEFERRABLE INITIALLY DEFERRED,
    filed_at timestamptz NOT NULL
);
COMMENT ON TABLE filing IS 'Which request each idempotency key made; digests only';

CREATE TABLE step (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES request,
    at timestamptz NOT NULL,
    type text NOT NULL,
    label text NOT NULL,
    team text NOT NULL CHECK (team IN ('applicant', 'departement', 'provider', 'national')),
    detail text
);
CREATE INDEX step_of_request ON step (request_id, at, id);
CREATE INDEX step_by_type ON step (type, at);
COMMENT ON TABLE step IS 'What the applicant sees of the life of his request, whichever service told it';

CREATE TABLE message (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES request,
    at timestamptz NOT NULL,
    author text NOT NULL CHECK (author IN ('applicant', 'departement')),
    text text NOT NULL
);
CREATE INDEX message_of_request ON message (request_id, at, id);

CREATE TABLE document (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES request,
    name text NOT NULL CHECK (name <> ''),
    media_type text NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    sha256 text NOT NULL CHECK (length(sha256) = 64),
    added_at timestamptz NOT NULL
);
CREATE INDEX document_of_request ON document (request_id, added_at);
COMMENT ON TABLE document IS 'Files joined to a request; the bytes lie in the documents folder under the id';

CREATE TABLE evaluation (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES request,
    at timestamptz NOT NULL,
    need_met smallint NOT NULL CHECK (need_met BETWEEN 1 AND 5),
    progress smallint NOT NULL CHECK (progress BETWEEN 1 AND 5),
    satisfaction smallint NOT NULL CHECK (satisfaction BETWEEN 1 AND 5),
    impact text,
    comment text
);
CREATE INDEX evaluation_of_request ON evaluation (request_id);

CREATE TABLE draft (
    id uuid PRIMARY KEY,
    answers jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    saved_at timestamptz NOT NULL,
    request_id uuid REFERENCES request
);
CREATE INDEX draft_by_age ON draft (saved_at);
COMMENT ON TABLE draft IS 'What somebody has typed so far; emptied when it is filed, forgotten when it is left alone';

-- migrate:down
