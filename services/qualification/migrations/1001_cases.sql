-- Tables of qualification: providers, cases and what belongs to them, envelopes, territorial pacts, who saw what.

-- migrate:up
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- The local engineering catalogue, and what programmes cover.

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
COMMENT ON TABLE provider IS 'A provider of the local engineering catalogue';
COMMENT ON COLUMN provider.epci IS 'When given, with communes, narrows the area within its départements';
COMMENT ON COLUMN provider.capacity IS 'How many requests it can help at once; null: no limit';

CREATE TABLE programme_territory (
    programme text NOT NULL,
    departement text NOT NULL,
    kind text NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    since date,
    until date,
    PRIMARY KEY (programme, departement, kind, code)
);
CREATE INDEX programme_territory_by_code ON programme_territory (kind, code);
COMMENT ON TABLE programme_territory IS 'A territory that a programme covers; one across several départements has a row in each';

-- Cases.

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
    state_since timestamptz NOT NULL,
    opened_at timestamptz NOT NULL,
    request jsonb NOT NULL,
    kind text GENERATED ALWAYS AS (request ->> 'kind') STORED,
    fields jsonb GENERATED ALWAYS AS (request -> 'fields') STORED,
    territory text GENERATED ALWAYS AS (
        coalesce(nullif(request #>> '{applicant,epci}', ''), nullif(request #>> '{applicant,code}', ''))
    ) STORED,
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
    turn smallint NOT NULL GENERATED ALWAYS AS (
        CASE
            WHEN state IN ('registered', 'under_examination', 'proposed') THEN 1
            WHEN state = 'escalated' AND question IS NOT NULL THEN 1
            WHEN state IN ('awaiting_information', 'oriented_locally', 'escalated') THEN 2
            ELSE 3
        END
    ) STORED,
    -- The date is put together from its parts: a cast from text is not immutable, which a generated column must be.
    late_after date GENERATED ALWAYS AS (
        CASE
            WHEN state IN ('registered', 'under_examination', 'proposed') THEN due_on
            WHEN state = 'escalated' THEN make_date(
                substr(question ->> 'until', 1, 4)::integer,
                substr(question ->> 'until', 6, 2)::integer,
                substr(question ->> 'until', 9, 2)::integer
            )
        END
    ) STORED,
    PRIMARY KEY (request_id, departement),
    CONSTRAINT case_proposed_has_its_proposal CHECK (state <> 'proposed' OR proposal IS NOT NULL),
    CONSTRAINT case_awaiting_has_its_date CHECK ((state = 'awaiting_information') = (answer_until IS NOT NULL)),
    CONSTRAINT case_stage_has_its_date CHECK ((stage IS NULL) = (due_on IS NULL))
);
CREATE INDEX case_file_queue ON case_file (departement, state, due_on);
CREATE INDEX case_file_in_turn ON case_file (departement, turn, urgency DESC NULLS LAST, due_on, opened_at, request_id)
    INCLUDE (state, late_after, answer_until, assignee_email)
    WHERE turn < 3;
CREATE INDEX case_file_stage_due ON case_file (due_on) WHERE overdue_at IS NULL;
CREATE INDEX case_file_overdue ON case_file (departement) WHERE overdue_at IS NOT NULL AND stage IS NOT NULL;
CREATE INDEX case_file_of_assignee ON case_file (assignee_email);
CREATE INDEX case_file_of_territory ON case_file (departement, territory, opened_at DESC);
CREATE INDEX case_file_search ON case_file USING gin (departement, search gin_trgm_ops);
COMMENT ON TABLE case_file IS 'A request as one département has it; after a transfer, two départements may know the same one';
COMMENT ON COLUMN case_file.territory IS 'The applicant''s intercommunalité, or itself where it has none; null for a priority territory';
COMMENT ON COLUMN case_file.overdue_at IS 'When it was published that the present stage is late; once per stage';
COMMENT ON COLUMN case_file.question IS 'What the national team asked and nobody answered yet';
COMMENT ON COLUMN case_file.decided IS 'The comité de suivi de projet has decided finally';
COMMENT ON COLUMN case_file.turn IS 'Whose turn it is by the state: 1 the département''s, 2 somebody else''s, 3 nobody''s';
COMMENT ON COLUMN case_file.late_after IS 'The last day on which the département''s turn is not late';

CREATE TABLE case_step (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    departement text NOT NULL,
    at timestamptz NOT NULL,
    type text NOT NULL,
    team text,
    fact jsonb,
    FOREIGN KEY (request_id, departement) REFERENCES case_file
);
CREATE INDEX case_step_of_case ON case_step (request_id, departement, at);
COMMENT ON TABLE case_step IS 'An entry of a case''s timeline, whichever service published it; pages make the sentences';
COMMENT ON COLUMN case_step.fact IS 'The event''s data without the request or dossier; null where a dossier brought the step';

CREATE TABLE case_message (
    id uuid NOT NULL,
    request_id uuid NOT NULL,
    departement text NOT NULL,
    at timestamptz NOT NULL,
    team text NOT NULL CHECK (team IN ('applicant', 'departement', 'provider')),
    author text,
    text text NOT NULL,
    PRIMARY KEY (id, departement),
    FOREIGN KEY (request_id, departement) REFERENCES case_file
);
CREATE INDEX case_message_of_case ON case_message (request_id, departement, at);
COMMENT ON TABLE case_message IS 'A message between the département and the applicant, or a provider''s reply by mail';

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
COMMENT ON TABLE case_note IS 'An internal note of agents on a case; it never leaves the département';

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
COMMENT ON TABLE case_document IS 'What is known of a file joined to a request; its bytes stay with intake';

CREATE TABLE deadline_warning (
    request_id uuid NOT NULL,
    departement text NOT NULL,
    clock text NOT NULL,
    due_on date NOT NULL,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (request_id, departement, clock, due_on),
    FOREIGN KEY (request_id, departement) REFERENCES case_file
);
COMMENT ON TABLE deadline_warning IS 'A warning, given once, that a period of a case ends soon; a new last day is a new warning';
COMMENT ON COLUMN deadline_warning.clock IS 'A stage, or information: the applicant’s time to complete';

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
    link_generation integer NOT NULL DEFAULT 1,
    link_sent_at timestamptz,
    link_withdrawn boolean NOT NULL DEFAULT false,
    FOREIGN KEY (request_id, departement) REFERENCES case_file,
    CONSTRAINT orientation_open_or_answered CHECK ((state = 'open') = (answered_at IS NULL))
);
CREATE UNIQUE INDEX orientation_one_at_a_time ON orientation (request_id, departement) WHERE state IN ('open', 'accepted');
CREATE INDEX orientation_load ON orientation (provider_id) WHERE state IN ('open', 'accepted');
CREATE INDEX orientation_until ON orientation (until) WHERE state = 'open';
COMMENT ON TABLE orientation IS 'A local provider asked to help with a request, and its answer';
COMMENT ON COLUMN orientation.link_generation IS 'Which link is valid: earlier ones open nothing';
COMMENT ON COLUMN orientation.link_sent_at IS 'When a link was last sent in place of another, or taken back';
COMMENT ON COLUMN orientation.link_withdrawn IS 'The link was taken back and none was sent in its place';

CREATE TABLE evaluation (
    request_id uuid NOT NULL,
    departement text NOT NULL,
    round text NOT NULL CHECK (round IN ('completion', 'six_months')),
    need_met integer NOT NULL CHECK (need_met BETWEEN 1 AND 5),
    progress integer NOT NULL CHECK (progress BETWEEN 1 AND 5),
    satisfaction integer NOT NULL CHECK (satisfaction BETWEEN 1 AND 5),
    impact text,
    comment text,
    submitted_at timestamptz NOT NULL,
    PRIMARY KEY (request_id, departement, round),
    FOREIGN KEY (request_id, departement) REFERENCES case_file
);
CREATE INDEX evaluation_of_departement ON evaluation (departement, submitted_at DESC);
COMMENT ON TABLE evaluation IS
    'An applicant''s evaluation of the result, from 1 (not at all) to 5 (entirely); once when the help ends, once six months later';

-- What may arrive before its case: no foreign keys.

CREATE TABLE withdrawal_request (
    request_id uuid NOT NULL,
    at timestamptz NOT NULL,
    motive text,
    answer text CHECK (answer IN ('accepted', 'declined')),
    PRIMARY KEY (request_id, at)
);
COMMENT ON TABLE withdrawal_request IS
    'An applicant''s request to withdraw and how it was answered, here or by another service; also of requests without a case yet';
COMMENT ON COLUMN withdrawal_request.at IS 'The moment of the request to withdraw, by which its answer names it';
COMMENT ON COLUMN withdrawal_request.motive IS 'Empty while only the answer has arrived';

CREATE TABLE early_note (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id uuid NOT NULL,
    type text NOT NULL,
    at timestamptz NOT NULL,
    data jsonb NOT NULL,
    arrived_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX early_note_of_request ON early_note (request_id, position);
COMMENT ON TABLE early_note IS
    'An event of intake about a request without a case yet: it may overtake the transfer, and is applied when the case is opened';

CREATE TABLE exchange_part (
    exchange_id uuid NOT NULL,
    part integer NOT NULL CHECK (part >= 1),
    request_id uuid NOT NULL,
    at timestamptz NOT NULL,
    messages jsonb NOT NULL,
    history jsonb NOT NULL,
    PRIMARY KEY (exchange_id, part)
);
COMMENT ON TABLE exchange_part IS
    'A part of the exchanges of a dossier that has not come yet (ADR 28); deleted when the dossier is consumed';

-- What a département may spend.

CREATE TABLE envelope (
    departement text NOT NULL,
    year integer NOT NULL,
    amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
    committed_cents bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (departement, year),
    CONSTRAINT envelope_never_below_zero CHECK (committed_cents BETWEEN 0 AND amount_cents)
);
COMMENT ON TABLE envelope IS 'What a département may spend by itself in a year, and what is committed of it; euro cents';

CREATE TABLE envelope_commitment (
    id uuid PRIMARY KEY,
    departement text NOT NULL,
    year integer NOT NULL,
    request_id uuid NOT NULL,
    amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
    at timestamptz NOT NULL,
    released_at timestamptz,
    FOREIGN KEY (departement, year) REFERENCES envelope,
    FOREIGN KEY (request_id, departement) REFERENCES case_file
);
COMMENT ON TABLE envelope_commitment IS 'An amount of an envelope that was committed for a request';
COMMENT ON COLUMN envelope_commitment.released_at IS 'When the money was given back to the envelope, because the request was withdrawn';

-- Territorial pacts.

CREATE TABLE pact (
    id uuid PRIMARY KEY,
    departement text NOT NULL,
    title text NOT NULL CHECK (title <> ''),
    request_id uuid,
    state text NOT NULL CHECK (state IN ('preparing', 'diagnosis', 'planning', 'signed')),
    version integer NOT NULL DEFAULT 0 CHECK (version >= 0),
    shared_on date,
    agreed_on date,
    signed_on date,
    reviewed_on date,
    search text NOT NULL,
    opened_at timestamptz NOT NULL,
    state_since timestamptz NOT NULL,
    FOREIGN KEY (request_id, departement) REFERENCES case_file,
    CONSTRAINT pact_once_per_request UNIQUE (request_id),
    CONSTRAINT pact_has_a_diagnosis_once_shared CHECK ((state = 'preparing') = (version = 0)),
    CONSTRAINT pact_is_agreed_before_it_is_planned CHECK ((state IN ('planning', 'signed')) = (agreed_on IS NOT NULL)),
    CONSTRAINT pact_in_force_has_its_date CHECK ((state = 'signed') = (signed_on IS NOT NULL)),
    CONSTRAINT pact_is_reviewed_once_signed CHECK (reviewed_on >= signed_on)
);
CREATE INDEX pact_of_departement ON pact (departement, state, state_since);
COMMENT ON TABLE pact IS 'A territorial pact of a département';
COMMENT ON COLUMN pact.request_id IS 'The request that led to the pact, if one did';
COMMENT ON COLUMN pact.version IS 'Which version of the diagnosis is on the table';
COMMENT ON COLUMN pact.agreed_on IS 'When the last party agreed that version';

CREATE TABLE pact_party (
    id uuid PRIMARY KEY,
    pact_id uuid NOT NULL REFERENCES pact,
    place integer NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    kind text,
    code text,
    email text,
    link_generation integer NOT NULL DEFAULT 1 CHECK (link_generation BETWEEN 1 AND 65535),
    invited_at timestamptz,
    CONSTRAINT pact_party_place UNIQUE (pact_id, place),
    CONSTRAINT pact_party_of_pact UNIQUE (pact_id, id)
);
CREATE UNIQUE INDEX pact_one_state ON pact_party (pact_id) WHERE kind = 'state';
COMMENT ON TABLE pact_party IS 'A party of a pact; it acts by its link, without an account';
COMMENT ON COLUMN pact_party.link_generation IS 'Which link is valid: a new address makes the earlier ones open nothing';
COMMENT ON COLUMN pact_party.invited_at IS 'When the link was last sent; null before the first time';

CREATE TABLE pact_diagnosis (
    pact_id uuid NOT NULL REFERENCES pact,
    version integer NOT NULL CHECK (version > 0),
    diagnosis jsonb NOT NULL,
    shared_at timestamptz NOT NULL,
    shared_by jsonb NOT NULL,
    PRIMARY KEY (pact_id, version)
);
COMMENT ON TABLE pact_diagnosis IS 'A version of a pact''s diagnosis; every version that was shared stays readable';

CREATE TABLE pact_agreement (
    pact_id uuid NOT NULL,
    version integer NOT NULL,
    party_id uuid NOT NULL,
    agreed_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by jsonb NOT NULL,
    PRIMARY KEY (pact_id, version, party_id),
    FOREIGN KEY (pact_id, version) REFERENCES pact_diagnosis,
    FOREIGN KEY (pact_id, party_id) REFERENCES pact_party (pact_id, id)
);
COMMENT ON TABLE pact_agreement IS 'A party''s agreement to one version of the diagnosis; a new version voids it';

CREATE TABLE pact_action (
    id uuid PRIMARY KEY,
    pact_id uuid NOT NULL REFERENCES pact,
    title text NOT NULL CHECK (title <> ''),
    owner text NOT NULL CHECK (owner <> ''),
    partners text[] NOT NULL DEFAULT '{}',
    budget_cents bigint CHECK (budget_cents >= 0),
    due_on date NOT NULL,
    indicator text,
    status text NOT NULL DEFAULT 'planned' CHECK (status IN ('planned', 'under_way', 'done', 'given_up')),
    percent integer NOT NULL DEFAULT 0 CHECK (percent BETWEEN 0 AND 100),
    added_at timestamptz NOT NULL,
    added_by jsonb NOT NULL,
    CONSTRAINT pact_action_done_is_whole CHECK (status <> 'done' OR percent = 100),
    CONSTRAINT pact_action_planned_is_untouched CHECK (status <> 'planned' OR percent = 0)
);
CREATE INDEX pact_action_of_pact ON pact_action (pact_id, added_at);
COMMENT ON TABLE pact_action IS 'An action of a pact''s plan';
COMMENT ON COLUMN pact_action.budget_cents IS 'In euro cents';

CREATE TABLE pact_signature (
    pact_id uuid NOT NULL,
    party_id uuid NOT NULL,
    signed_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by jsonb NOT NULL,
    PRIMARY KEY (pact_id, party_id),
    FOREIGN KEY (pact_id, party_id) REFERENCES pact_party (pact_id, id)
);
COMMENT ON TABLE pact_signature IS 'The signature of a party to a pact';

CREATE TABLE pact_progress (
    id uuid PRIMARY KEY,
    action_id uuid NOT NULL REFERENCES pact_action,
    at timestamptz NOT NULL,
    percent integer NOT NULL,
    status text NOT NULL,
    comment text,
    told_by jsonb NOT NULL
);
CREATE INDEX pact_progress_of_action ON pact_progress (action_id, at);
COMMENT ON TABLE pact_progress IS 'A report on the progress of an action; the last one is repeated on the action itself';

CREATE TABLE pact_review (
    id uuid PRIMARY KEY,
    pact_id uuid NOT NULL REFERENCES pact,
    held_on date NOT NULL,
    summary text NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by jsonb NOT NULL
);
CREATE INDEX pact_review_of_pact ON pact_review (pact_id, held_on);
COMMENT ON TABLE pact_review IS 'A yearly review of a pact that was held';

-- Who saw what.

CREATE TABLE consultation (
    agent_id uuid NOT NULL,
    email text NOT NULL,
    request_id uuid,
    path text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX consultation_of_request ON consultation (request_id, at);
CREATE INDEX consultation_of_agent ON consultation (agent_id, at);
COMMENT ON TABLE consultation IS
    'What an agent was shown, and when; once a minute per agent, path and request. A list or an export has its filter in the path';

CREATE TABLE document_access (
    request_id uuid NOT NULL,
    departement text NOT NULL,
    document_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    email text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX document_access_of_case ON document_access (request_id, departement, at);
COMMENT ON TABLE document_access IS 'One time that an agent opened a document of a case';

-- migrate:down
