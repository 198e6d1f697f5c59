-- Tables of identity: agents and their tokens, sessions of pages, submitted forms.

-- migrate:up
CREATE TABLE agent (
    id uuid PRIMARY KEY,
    email text NOT NULL CHECK (email = lower(email) AND email ~ '^[^@\s]+@[^@\s]+$'),
    name text NOT NULL CHECK (name <> ''),
    roles text[] NOT NULL CHECK (
        cardinality(roles) > 0
        AND roles <@ ARRAY[
            'sat_agent', 'delegate', 'national_agent', 'committee_secretary', 'programme_agent', 'operator', 'auditor'
        ]
    ),
    departements text[] NOT NULL DEFAULT '{}',
    programmes text[] NOT NULL DEFAULT '{}',
    issuer text,
    subject text,
    created_at timestamptz NOT NULL,
    removed_at timestamptz,
    CONSTRAINT agent_email_is_unique UNIQUE (email),
    CONSTRAINT agent_subject_is_unique UNIQUE (issuer, subject),
    CONSTRAINT agent_subject_has_its_issuer CHECK ((issuer IS NULL) = (subject IS NULL)),
    CONSTRAINT agent_departement_for_departemental_roles CHECK (
        NOT roles && ARRAY['sat_agent', 'delegate'] OR cardinality(departements) > 0
    ),
    CONSTRAINT agent_programme_for_programme_roles CHECK (
        NOT roles && ARRAY['programme_agent'] OR cardinality(programmes) > 0
    )
);
COMMENT ON TABLE agent IS 'A person or program that may act in this service; a removed one stays, so that the history has their name';
COMMENT ON COLUMN agent.subject IS 'The sign-in provider''s identifier of the agent, linked at the first sign-in; the only key afterwards';

CREATE TABLE agent_token (
    id uuid PRIMARY KEY,
    agent_id uuid NOT NULL REFERENCES agent,
    digest bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    name text NOT NULL CHECK (name <> ''),
    created_at timestamptz NOT NULL,
    expires_at timestamptz CHECK (expires_at > created_at),
    revoked_at timestamptz,
    last_used_at timestamptz
);
CREATE INDEX agent_token_of_agent ON agent_token (agent_id);
COMMENT ON TABLE agent_token IS 'An API token of an agent';
COMMENT ON COLUMN agent_token.digest IS 'SHA-256 of the token; the token itself is shown once and stored nowhere';

CREATE TABLE web_session (
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    agent_id uuid REFERENCES agent,
    data jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at)
);
CREATE INDEX web_session_of_agent ON web_session (agent_id);
CREATE INDEX web_session_by_end ON web_session (expires_at);
COMMENT ON TABLE web_session IS 'A browser''s session; without agent_id while nobody has signed in';
COMMENT ON COLUMN web_session.digest IS 'SHA-256 of the cookie''s value, so that reading this table gives no access';

CREATE TABLE form_submission (
    fingerprint bytea PRIMARY KEY CHECK (octet_length(fingerprint) = 32),
    location text NOT NULL,
    submitted_at timestamptz NOT NULL
);
CREATE INDEX form_submission_by_time ON form_submission (submitted_at);
COMMENT ON TABLE form_submission IS 'Where a submitted form redirected to, so that a form that is submitted twice acts once';

-- The services have this table with their messages; the operators' page, which has no messages, has it from here.
CREATE TABLE IF NOT EXISTS operation (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    by text NOT NULL,
    action text NOT NULL,
    target text NOT NULL,
    why text NOT NULL
);
COMMENT ON TABLE operation IS 'What an operator did to messages or to agents'' rights, with who and why.';

-- migrate:down
