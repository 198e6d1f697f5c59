-- Why: a département keeps here its cases, its local engineering catalogue, what it asked of whom, and who looked at what.
-- migrate:up

CREATE TABLE provider (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    kind text NOT NULL CHECK (kind <> ''),
    email text NOT NULL CHECK (email <> ''),
    phone text,
    url text,
    departements text[] NOT NULL CHECK (cardinality(departements) > 0),
    epci text[] NOT NULL DEFAULT '{}',
    communes text[] NOT NULL DEFAULT '{}',
    fields text[] NOT NULL DEFAULT '{}',
    support_types text[] NOT NULL DEFAULT '{}',
    capacity integer CHECK (capacity >= 0),
    valid_from date,
    valid_until date,
    search text NOT NULL,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT provider_validity_is_in_order CHECK (valid_from <= valid_until)
);
CREATE INDEX provider_departements ON provider USING gin (departements);
COMMENT ON TABLE provider IS 'The local engineering catalogue';
COMMENT ON COLUMN provider.epci IS 'When given, with communes, narrows the area within its départements';
COMMENT ON COLUMN provider.capacity IS 'How many requests it can help at once; none: no limit';

CREATE TABLE case_file (
    request_id uuid NOT NULL,
    departement text NOT NULL,
    number text NOT NULL,
    state text NOT NULL CHECK (
        state IN (
            'registered', 'under_examination', 'awaiting_information', 'proposed', 'oriented_locally',
            'supported_locally', 'directed_to_programme', 'escalated', 'refused', 'transferred', 'withdrawn'
        )
    ),
    request jsonb NOT NULL,
    search text NOT NULL,
    assignee_email text,
    assignee_name text,
    qualification jsonb,
    urgency integer GENERATED ALWAYS AS ((qualification ->> 'urgency')::integer) STORED,
    proposal jsonb,
    stage text,
    due_on date,
    overdue_at timestamptz,
    suspended_on date,
    answer_until date,
    question jsonb,
    decided boolean NOT NULL DEFAULT false,
    opened_at timestamptz NOT NULL,
    state_since timestamptz NOT NULL,
    PRIMARY KEY (request_id, departement),
    CONSTRAINT case_proposed_has_its_proposal CHECK (state <> 'proposed' OR proposal IS NOT NULL),
    CONSTRAINT case_awaiting_has_its_date CHECK ((state = 'awaiting_information') = (answer_until IS NOT NULL)),
    CONSTRAINT case_stage_has_its_date CHECK ((stage IS NULL) = (due_on IS NULL))
);
CREATE INDEX case_file_queue ON case_file (departement, state, due_on);
CREATE INDEX case_file_stage_due ON case_file (due_on) WHERE overdue_at IS NULL;
CREATE INDEX case_file_of_assignee ON case_file (assignee_email);
COMMENT ON TABLE case_file IS 'A request as one département has it; after a transfer two départements may have known the same one';
COMMENT ON COLUMN case_file.overdue_at IS 'When it was told that the present stage is late; once per stage';
COMMENT ON COLUMN case_file.question IS 'What the national team asked and nobody answered yet';
COMMENT ON COLUMN case_file.decided IS 'The comité de suivi de projet has decided for good';

CREATE TABLE case_message (
    id uuid NOT NULL,
    request_id uuid NOT NULL,
    departement text NOT NULL,
    at timestamptz NOT NULL,
    team text NOT NULL CHECK (team IN ('applicant', 'departement')),
    author text,
    text text NOT NULL,
    PRIMARY KEY (id, departement),
    FOREIGN KEY (request_id, departement) REFERENCES case_file
);
CREATE INDEX case_message_of_case ON case_message (request_id, departement, at);
COMMENT ON TABLE case_message IS 'What the département and the applicant wrote to each other';

CREATE TABLE case_note (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    departement text NOT NULL,
    at timestamptz NOT NULL,
    author text NOT NULL,
    text text NOT NULL,
    FOREIGN KEY (request_id, departement) REFERENCES case_file
);
CREATE INDEX case_note_of_case ON case_note (request_id, departement, at);
COMMENT ON TABLE case_note IS 'What agents tell each other; it never leaves the département';

CREATE TABLE case_document (
    id uuid NOT NULL,
    request_id uuid NOT NULL,
    departement text NOT NULL,
    document jsonb NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (id, departement),
    FOREIGN KEY (request_id, departement) REFERENCES case_file
);
CREATE INDEX case_document_of_case ON case_document (request_id, departement, added_at);
COMMENT ON TABLE case_document IS 'What is known of the joined files; their bytes stay with intake';

CREATE TABLE case_step (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    departement text NOT NULL,
    at timestamptz NOT NULL,
    type text NOT NULL,
    team text,
    detail text,
    FOREIGN KEY (request_id, departement) REFERENCES case_file
);
CREATE INDEX case_step_of_case ON case_step (request_id, departement, at);
COMMENT ON TABLE case_step IS 'The timeline of a case, whichever service said what happened';

CREATE TABLE orientation (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    departement text NOT NULL,
    provider_id uuid NOT NULL REFERENCES provider,
    provider jsonb NOT NULL,
    motive text NOT NULL,
    until date NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'accepted', 'declined', 'silent', 'cancelled', 'ended')),
    answer text,
    opened_at timestamptz NOT NULL,
    answered_at timestamptz,
    FOREIGN KEY (request_id, departement) REFERENCES case_file,
    CONSTRAINT orientation_open_or_answered CHECK ((state = 'open') = (answered_at IS NULL))
);
CREATE UNIQUE INDEX orientation_one_at_a_time ON orientation (request_id, departement) WHERE state IN ('open', 'accepted');
CREATE INDEX orientation_load ON orientation (provider_id) WHERE state IN ('open', 'accepted');
CREATE INDEX orientation_until ON orientation (until) WHERE state = 'open';
COMMENT ON TABLE orientation IS 'A local provider asked to help with a request, and what it answered';

CREATE TABLE envelope (
    departement text NOT NULL,
    year integer NOT NULL,
    amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
    committed_cents bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (departement, year),
    CONSTRAINT envelope_never_below_zero CHECK (committed_cents BETWEEN 0 AND amount_cents)
);
COMMENT ON TABLE envelope IS 'What a département may spend by itself in a year, and what is spent of it; euro cents';

CREATE TABLE envelope_commitment (
    id uuid PRIMARY KEY,
    departement text NOT NULL,
    year integer NOT NULL,
    request_id uuid NOT NULL,
    amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
    at timestamptz NOT NULL,
    FOREIGN KEY (departement, year) REFERENCES envelope,
    FOREIGN KEY (request_id, departement) REFERENCES case_file
);
COMMENT ON TABLE envelope_commitment IS 'For which request an envelope was spent';

CREATE TABLE case_access (
    agent_id uuid NOT NULL,
    request_id uuid NOT NULL,
    departement text NOT NULL,
    minute timestamptz NOT NULL,
    email text NOT NULL,
    PRIMARY KEY (agent_id, request_id, departement, minute)
);
COMMENT ON TABLE case_access IS 'Who consulted the personal data of which case; one row a minute at most';

-- migrate:down
