-- What the national team remembers: dossiers, the committee and its decisions, envelopes and means, milestones, programmes.

-- migrate:up
CREATE EXTENSION IF NOT EXISTS unaccent;

CREATE TABLE committee_session (
    id uuid PRIMARY KEY,
    title text NOT NULL CHECK (title <> ''),
    held_on date NOT NULL,
    members text[] NOT NULL DEFAULT '{}',
    quorum integer CHECK (quorum >= 1),
    present text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    created_by jsonb NOT NULL,
    closed_at timestamptz,
    closed_by jsonb,
    CHECK ((closed_at IS NULL) = (closed_by IS NULL)),
    CONSTRAINT committee_session_quorum_is_reachable CHECK (quorum <= cardinality(members))
);
COMMENT ON TABLE committee_session IS 'A session of the comité de suivi de projet; once closed it does not change';
CREATE INDEX committee_session_by_date ON committee_session (held_on DESC, id);

CREATE TABLE escalation (
    request_id uuid PRIMARY KEY,
    number text NOT NULL,
    departement text NOT NULL,
    title text NOT NULL,
    applicant_name text NOT NULL,
    kind text NOT NULL,
    fields text[] NOT NULL,
    programme text,
    search text NOT NULL,
    state text NOT NULL CHECK (
        state IN (
            'received', 'awaiting_departement', 'admissible', 'scheduled', 'granted', 'granted_with_reserve', 'deferred',
            'returned', 'refused', 'mobilising', 'accompanied', 'completed', 'withdrawn'
        )
    ),
    resume_state text,
    asked_at timestamptz,
    stage text CHECK (stage IN ('admissibility', 'committee')),
    due_on date,
    overdue_told boolean NOT NULL DEFAULT false,
    session_id uuid REFERENCES committee_session,
    starts_on date,
    ends_on date,
    report text,
    received_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    evidence jsonb NOT NULL,
    dossier jsonb NOT NULL,
    service jsonb NOT NULL,
    escalated_by jsonb NOT NULL,
    CHECK ((state = 'awaiting_departement') = (resume_state IS NOT NULL)),
    CHECK ((state = 'awaiting_departement') = (asked_at IS NOT NULL)),
    CHECK ((state = 'scheduled') = (session_id IS NOT NULL)),
    CHECK (ends_on >= starts_on)
);
COMMENT ON TABLE escalation IS 'A dossier as the département handed it over, and where it stands now';
COMMENT ON COLUMN escalation.search IS 'Number, title, applicant: lower case, without accents';
CREATE INDEX escalation_by_state ON escalation (state, due_on);
CREATE INDEX escalation_by_departement ON escalation (departement);
CREATE INDEX escalation_late ON escalation (due_on) WHERE NOT overdue_told AND stage IS NOT NULL;

CREATE TABLE step (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES escalation,
    at timestamptz NOT NULL,
    type text NOT NULL,
    team text,
    author text,
    detail text
);
COMMENT ON TABLE step IS 'What happened to a dossier since it came here, told by us or heard; never changed';
CREATE INDEX step_of_request ON step (request_id, at);
CREATE INDEX step_by_type ON step (type, at);

CREATE TABLE question (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES escalation,
    asked_at timestamptz NOT NULL,
    question text NOT NULL,
    until date,
    asked_by jsonb NOT NULL,
    answered_at timestamptz,
    answer text,
    answered_by jsonb
);
CREATE INDEX question_of_request ON question (request_id, asked_at);

CREATE TABLE message (
    request_id uuid NOT NULL REFERENCES escalation,
    at timestamptz NOT NULL,
    author text NOT NULL,
    text text NOT NULL
);
COMMENT ON TABLE message IS 'Exchanges with the applicant that came after the dossier was handed over';
CREATE INDEX message_of_request ON message (request_id, at);

CREATE TABLE document (
    id uuid NOT NULL,
    request_id uuid NOT NULL REFERENCES escalation,
    name text NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL CHECK (size >= 0),
    sha256 text NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (request_id, id)
);
COMMENT ON TABLE document IS 'Files of a request; the bytes stay with intake, which serves them by a signed link';

CREATE TABLE early_note (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id uuid NOT NULL,
    type text NOT NULL,
    at timestamptz NOT NULL,
    data jsonb NOT NULL
);
COMMENT ON TABLE early_note IS
    'What intake said of requests not (yet) here: it may overtake the dossier on its way; forgotten after a while';
CREATE INDEX early_note_of_request ON early_note (request_id, at);
CREATE INDEX early_note_by_age ON early_note (at);

CREATE TABLE withdrawal (
    request_id uuid PRIMARY KEY,
    at timestamptz NOT NULL
);
COMMENT ON TABLE withdrawal IS 'Requests that their applicant gave up: one that comes later is born withdrawn';

CREATE TABLE agenda_item (
    session_id uuid NOT NULL REFERENCES committee_session,
    request_id uuid NOT NULL REFERENCES escalation,
    position integer NOT NULL CHECK (position >= 1),
    scheduled_at timestamptz NOT NULL,
    PRIMARY KEY (session_id, request_id),
    CONSTRAINT agenda_item_in_order UNIQUE (session_id, position) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX agenda_item_of_request ON agenda_item (request_id);

CREATE TABLE decision_counter (
    year integer PRIMARY KEY,
    last integer NOT NULL CHECK (last >= 1)
);
COMMENT ON TABLE decision_counter IS 'The last number given in a year; its row is locked, so that no number is lost or doubled';

CREATE TABLE decision (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    session_id uuid NOT NULL,
    request_id uuid NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('granted', 'granted_with_reserve', 'deferred', 'returned', 'refused')),
    motive text NOT NULL,
    support_types text[] NOT NULL,
    amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
    reserve text,
    decided_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    signed_by jsonb NOT NULL,
    event_id uuid NOT NULL,
    notified_at timestamptz,
    CONSTRAINT decision_once_a_session UNIQUE (session_id, request_id),
    FOREIGN KEY (session_id, request_id) REFERENCES agenda_item (session_id, request_id),
    CHECK ((outcome = 'granted_with_reserve') = (reserve IS NOT NULL))
);
COMMENT ON COLUMN decision.notified_at IS 'When the applicant''s mail server took the mail that tells the decision';
CREATE INDEX decision_of_request ON decision (request_id, recorded_at);
CREATE INDEX decision_by_event ON decision (event_id) WHERE notified_at IS NULL;

CREATE TABLE envelope (
    id uuid PRIMARY KEY,
    year integer NOT NULL CHECK (year BETWEEN 2020 AND 2100),
    programme text,
    amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
    committed_cents bigint NOT NULL DEFAULT 0 CHECK (committed_cents >= 0),
    created_at timestamptz NOT NULL,
    CONSTRAINT envelope_never_below_zero CHECK (committed_cents <= amount_cents),
    CONSTRAINT envelope_once_a_year UNIQUE NULLS NOT DISTINCT (year, programme)
);

CREATE TABLE mobilisation (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES escalation,
    kind text NOT NULL CHECK (kind IN ('internal', 'external')),
    resource text NOT NULL CHECK (resource <> ''),
    amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
    lot text,
    purchase_order text,
    state text NOT NULL CHECK (state IN ('proposed', 'accepted', 'declined', 'under_way', 'delivered')),
    envelope_id uuid REFERENCES envelope,
    proposed_at timestamptz NOT NULL,
    proposed_by jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    CHECK (amount_cents = 0 OR envelope_id IS NOT NULL)
);
CREATE INDEX mobilisation_of_request ON mobilisation (request_id, proposed_at);

CREATE TABLE milestone (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES escalation,
    title text NOT NULL CHECK (title <> ''),
    deliverable text,
    due_on date NOT NULL,
    planned_at timestamptz NOT NULL,
    reached_on date,
    overdue_told boolean NOT NULL DEFAULT false
);
CREATE INDEX milestone_of_request ON milestone (request_id, due_on);
CREATE INDEX milestone_late ON milestone (due_on) WHERE reached_on IS NULL AND NOT overdue_told;

CREATE TABLE programme_request (
    request_id uuid PRIMARY KEY,
    programme text NOT NULL,
    number text NOT NULL,
    departement text NOT NULL,
    title text NOT NULL,
    applicant_name text NOT NULL,
    state text NOT NULL CHECK (state IN ('directed', 'withdrawn', 'evaluated', 'closed')),
    directed_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    motive text NOT NULL,
    directed_by jsonb NOT NULL,
    dossier jsonb NOT NULL
);
CREATE INDEX programme_request_by_programme ON programme_request (programme, directed_at DESC);

CREATE TABLE evaluation (
    request_id uuid PRIMARY KEY,
    number text NOT NULL,
    departement text NOT NULL,
    applicant_name text NOT NULL,
    fields text[] NOT NULL,
    programme text,
    need_met integer NOT NULL,
    progress integer NOT NULL,
    satisfaction integer NOT NULL,
    impact text,
    comment text,
    submitted_at timestamptz NOT NULL
);
CREATE INDEX evaluation_by_time ON evaluation (submitted_at DESC);

CREATE TABLE consultation (
    agent_id uuid NOT NULL,
    request_id uuid NOT NULL,
    at timestamptz NOT NULL
);
COMMENT ON TABLE consultation IS 'Who read whose personal data, and when; at most one row a minute per agent and dossier';
CREATE INDEX consultation_of_request ON consultation (request_id, at);
CREATE INDEX consultation_of_agent ON consultation (agent_id, at);

-- migrate:down
