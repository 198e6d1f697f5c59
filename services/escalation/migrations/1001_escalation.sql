-- Tables of escalation: dossiers, committee and decisions, means and money, accompaniment, programmes, figures.

-- migrate:up
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;

-- Dossiers.

CREATE TABLE committee_session (
    id uuid PRIMARY KEY,
    title text NOT NULL CHECK (title <> ''),
    held_on date NOT NULL,
    members text[] NOT NULL DEFAULT '{}',
    roles jsonb NOT NULL DEFAULT '{}',
    quorum integer CHECK (quorum >= 1),
    present text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    created_by jsonb NOT NULL,
    closed_at timestamptz,
    closed_by jsonb,
    CHECK ((closed_at IS NULL) = (closed_by IS NULL)),
    CONSTRAINT committee_session_quorum_is_reachable CHECK (quorum <= cardinality(members))
);
CREATE INDEX committee_session_by_date ON committee_session (held_on DESC, id);
COMMENT ON TABLE committee_session IS 'A session of the comité de suivi de projet; once closed it does not change';
COMMENT ON COLUMN committee_session.roles IS 'Member → role, where it is not that of a member who votes';

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
    dossier jsonb NOT NULL,
    population integer GENERATED ALWAYS AS ((dossier #>> '{request,applicant,population}')::integer) STORED,
    territory text GENERATED ALWAYS AS (
        coalesce(
            nullif(dossier #>> '{request,applicant,epci}', ''), nullif(dossier #>> '{request,applicant,code}', '')
        )
    ) STORED,
    evidence jsonb NOT NULL,
    service jsonb NOT NULL,
    escalated_by jsonb NOT NULL,
    received_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
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
    soon_told boolean NOT NULL DEFAULT false,
    overdue_told boolean NOT NULL DEFAULT false,
    session_id uuid REFERENCES committee_session,
    starts_on date,
    ends_on date,
    report text,
    CHECK ((state = 'awaiting_departement') = (resume_state IS NOT NULL)),
    CHECK ((state = 'awaiting_departement') = (asked_at IS NOT NULL)),
    CHECK ((state = 'scheduled') = (session_id IS NOT NULL)),
    CHECK (ends_on >= starts_on)
);
CREATE INDEX escalation_by_state ON escalation (state, due_on);
CREATE INDEX escalation_in_turn ON escalation (
    (state IN ('returned', 'refused', 'completed', 'withdrawn')), (state = 'awaiting_departement'), due_on,
    received_at, request_id
);
CREATE INDEX escalation_late ON escalation (due_on) WHERE NOT overdue_told AND stage IS NOT NULL;
CREATE INDEX escalation_overdue ON escalation (departement) WHERE overdue_told AND stage IS NOT NULL;
CREATE INDEX escalation_by_departement ON escalation (departement);
CREATE INDEX escalation_of_territory ON escalation (territory, received_at DESC);
CREATE INDEX escalation_by_fields ON escalation USING gin (fields);
CREATE INDEX escalation_search ON escalation USING gin (search gin_trgm_ops);
COMMENT ON TABLE escalation IS 'A dossier as the département escalated it, and where it stands now';
COMMENT ON COLUMN escalation.search IS 'Number, title, applicant: lower case, without accents';
COMMENT ON COLUMN escalation.population IS 'Of the applicant: read from the dossier once, not for each comparison';
COMMENT ON COLUMN escalation.territory IS 'The applicant''s intercommunalité, or itself where it has none';
COMMENT ON COLUMN escalation.soon_told IS 'Whether it was published that the current stage ends soon';
COMMENT ON COLUMN escalation.overdue_told IS 'Whether it was published that the current stage is late';

CREATE TABLE step (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES escalation,
    at timestamptz NOT NULL,
    type text NOT NULL,
    team text,
    fact jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX step_of_request ON step (request_id, at);
CREATE INDEX step_by_type ON step (type, at);
COMMENT ON TABLE step IS 'An entry of a dossier''s timeline since it came here, published or consumed; never changed. Pages make the sentences';

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
COMMENT ON TABLE question IS 'A question of the national team to the département, and its answer';

CREATE TABLE message (
    request_id uuid NOT NULL REFERENCES escalation,
    at timestamptz NOT NULL,
    author text NOT NULL,
    text text NOT NULL
);
CREATE INDEX message_of_request ON message (request_id, at);
COMMENT ON TABLE message IS 'A message to or from the applicant that came after the dossier was escalated';

CREATE TABLE note (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES escalation,
    at timestamptz NOT NULL,
    text text NOT NULL CHECK (text <> ''),
    by jsonb NOT NULL
);
CREATE INDEX note_of_request ON note (request_id, at);
COMMENT ON TABLE note IS 'An internal note of the national team: shown to nobody else, never published';

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
COMMENT ON TABLE document IS 'A file of a request; its bytes stay with intake, which serves them by a signed link';

-- What may arrive before its dossier: no foreign keys.

CREATE TABLE withdrawal_request (
    request_id uuid NOT NULL,
    at timestamptz NOT NULL,
    motive text,
    answer text CHECK (answer IN ('accepted', 'declined')),
    PRIMARY KEY (request_id, at)
);
COMMENT ON TABLE withdrawal_request IS
    'An applicant''s request to withdraw and how it was answered, here or by a département; also of requests without a dossier yet';
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
CREATE INDEX early_note_of_request ON early_note (request_id, at);
CREATE INDEX early_note_by_arrival ON early_note (arrived_at);
COMMENT ON TABLE early_note IS
    'An event of intake about a request that is not (yet) here: it may overtake the dossier on its way. Deleted some time after it arrived';

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

-- The committee and its decisions.

CREATE TABLE agenda_item (
    session_id uuid NOT NULL REFERENCES committee_session,
    request_id uuid NOT NULL REFERENCES escalation,
    position integer NOT NULL CHECK (position >= 1),
    scheduled_at timestamptz NOT NULL,
    PRIMARY KEY (session_id, request_id),
    -- Deferred, so that items can change places.
    CONSTRAINT agenda_item_in_order UNIQUE (session_id, position) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX agenda_item_of_request ON agenda_item (request_id);
COMMENT ON TABLE agenda_item IS 'A dossier on the agenda of a session';

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
    votes jsonb,
    reserve text,
    reserve_until date,
    reserve_lifted_on date,
    reserve_lifted_by jsonb,
    reserve_lifted_motive text,
    decided_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    signed_by jsonb NOT NULL,
    signatory text,
    appeal text,
    corrects text UNIQUE REFERENCES decision (number),
    replaced_by text,
    event_id uuid NOT NULL,
    notified_at timestamptz,
    FOREIGN KEY (session_id, request_id) REFERENCES agenda_item (session_id, request_id),
    CHECK ((outcome = 'granted_with_reserve') = (reserve IS NOT NULL)),
    CHECK (reserve_until IS NULL OR reserve IS NOT NULL),
    CHECK (reserve_lifted_on IS NULL OR reserve IS NOT NULL),
    CHECK ((reserve_lifted_on IS NULL) = (reserve_lifted_by IS NULL))
);
CREATE UNIQUE INDEX decision_once_a_session ON decision (session_id, request_id) WHERE corrects IS NULL;
CREATE INDEX decision_of_request ON decision (request_id, recorded_at);
CREATE INDEX decision_by_recency ON decision (recorded_at DESC) WHERE outcome <> 'deferred' AND replaced_by IS NULL;
CREATE INDEX decision_by_event ON decision (event_id) WHERE notified_at IS NULL;
CREATE INDEX decision_with_standing_reserve ON decision (reserve_until)
    WHERE reserve IS NOT NULL AND reserve_lifted_on IS NULL AND replaced_by IS NULL;
COMMENT ON TABLE decision IS 'A decision of the committee on a dossier';
COMMENT ON COLUMN decision.corrects IS 'The number of the decision that this one replaces; a decision is never changed itself';
COMMENT ON COLUMN decision.notified_at IS 'When the applicant''s mail server took the mail with the decision';

-- Means and money; amounts in euro cents.

CREATE TABLE operator (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    kind text NOT NULL CHECK (kind IN ('central_administration', 'state_operator')),
    offer text NOT NULL,
    fields text[] NOT NULL DEFAULT '{}',
    contact text,
    email text,
    phone text,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL,
    CONSTRAINT operator_once UNIQUE (name)
);
COMMENT ON TABLE operator IS
    'An administration or State operator that can be mobilised; none is deleted, some are deactivated';

CREATE TABLE contract (
    id uuid PRIMARY KEY,
    reference text NOT NULL CHECK (reference <> ''),
    subject text NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    created_at timestamptz NOT NULL,
    CHECK (ends_on >= starts_on),
    CONSTRAINT contract_once UNIQUE (reference)
);
COMMENT ON TABLE contract IS 'A framework contract of the agency; orders are placed on its lots';

CREATE TABLE lot (
    id uuid PRIMARY KEY,
    contract_id uuid NOT NULL REFERENCES contract,
    number integer NOT NULL CHECK (number >= 1),
    title text NOT NULL CHECK (title <> ''),
    holder text NOT NULL CHECK (holder <> ''),
    email text,
    ceiling_cents bigint NOT NULL CHECK (ceiling_cents > 0),
    committed_cents bigint NOT NULL DEFAULT 0 CHECK (committed_cents >= 0),
    created_at timestamptz NOT NULL,
    CONSTRAINT lot_never_above_its_ceiling CHECK (committed_cents <= ceiling_cents),
    CONSTRAINT lot_once_a_contract UNIQUE (contract_id, number)
);
COMMENT ON TABLE lot IS 'A lot of a framework contract, with its ceiling and what is committed of it';

CREATE TABLE unit_price (
    id uuid PRIMARY KEY,
    lot_id uuid NOT NULL REFERENCES lot,
    label text NOT NULL CHECK (label <> ''),
    unit text NOT NULL CHECK (unit <> ''),
    price_cents bigint NOT NULL CHECK (price_cents > 0),
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL
);
CREATE INDEX unit_price_of_lot ON unit_price (lot_id, created_at);
COMMENT ON TABLE unit_price IS 'A price of a lot; it never changes: it is withdrawn, and another one takes its place';

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
COMMENT ON TABLE envelope IS 'The money of a year, for one programme or for all, and what is committed of it';

CREATE TABLE mobilisation (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES escalation,
    kind text NOT NULL CHECK (kind IN ('internal', 'external')),
    resource text NOT NULL CHECK (resource <> ''),
    operator_id uuid REFERENCES operator,
    lot text,
    lot_id uuid REFERENCES lot,
    purchase_order text,
    lines jsonb NOT NULL DEFAULT '[]',
    state text NOT NULL CHECK (state IN ('proposed', 'accepted', 'declined', 'under_way', 'delivered')),
    envelope_id uuid REFERENCES envelope,
    amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
    delivered_cents bigint NOT NULL DEFAULT 0 CHECK (delivered_cents >= 0),
    paid_cents bigint NOT NULL DEFAULT 0 CHECK (paid_cents >= 0),
    committed_cents bigint GENERATED ALWAYS AS (
        CASE WHEN state = 'declined' THEN 0 WHEN state = 'delivered' THEN delivered_cents ELSE amount_cents END
    ) STORED,
    proposed_at timestamptz NOT NULL,
    proposed_by jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    CHECK (amount_cents = 0 OR envelope_id IS NOT NULL),
    CONSTRAINT mobilisation_delivers_what_was_ordered CHECK (delivered_cents <= amount_cents),
    CONSTRAINT mobilisation_pays_what_was_delivered CHECK (paid_cents <= delivered_cents)
);
CREATE INDEX mobilisation_of_request ON mobilisation (request_id, proposed_at);
CREATE INDEX mobilisation_of_envelope ON mobilisation (envelope_id, proposed_at);
CREATE INDEX mobilisation_of_lot ON mobilisation (lot_id, proposed_at);
COMMENT ON TABLE mobilisation IS 'A resource that is mobilised for a dossier: an operator, or an order on a lot';
COMMENT ON COLUMN mobilisation.lines IS 'What was ordered at unit prices: label, unit, quantity, price_cents, as they were on that day';
COMMENT ON COLUMN mobilisation.committed_cents IS 'What it takes from its envelope and its lot: what was not delivered in the end comes back';

CREATE TABLE order_counter (
    year integer PRIMARY KEY,
    last integer NOT NULL CHECK (last >= 1)
);
COMMENT ON TABLE order_counter IS 'The last number of an order in a year; its row is locked, so that no number is lost or doubled';

CREATE TABLE order_entry (
    id uuid PRIMARY KEY,
    mobilisation_id uuid NOT NULL REFERENCES mobilisation,
    kind text NOT NULL CHECK (kind IN ('delivery', 'payment')),
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    dated date NOT NULL,
    reference text,
    recorded_at timestamptz NOT NULL,
    by jsonb NOT NULL
);
CREATE INDEX order_entry_of_mobilisation ON order_entry (mobilisation_id, recorded_at);
COMMENT ON TABLE order_entry IS 'A delivery of an order, or a payment for it; never changed';

CREATE TABLE financing (
    request_id uuid PRIMARY KEY REFERENCES escalation,
    total_cents bigint NOT NULL CHECK (total_cents > 0),
    shares jsonb NOT NULL,
    set_at timestamptz NOT NULL,
    set_by jsonb NOT NULL
);
COMMENT ON TABLE financing IS
    'The financing plan of a project: shares of financer, kind, amount_cents, which add up to the total';

-- Accompaniment.

CREATE TABLE milestone (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES escalation,
    title text NOT NULL CHECK (title <> ''),
    deliverable text,
    due_on date NOT NULL,
    first_due_on date,
    postponed_for text,
    planned_at timestamptz NOT NULL,
    reached_on date,
    soon_told boolean NOT NULL DEFAULT false,
    overdue_told boolean NOT NULL DEFAULT false,
    CHECK ((first_due_on IS NULL) = (postponed_for IS NULL))
);
CREATE INDEX milestone_of_request ON milestone (request_id, due_on);
CREATE INDEX milestone_late ON milestone (due_on) WHERE reached_on IS NULL AND NOT overdue_told;
CREATE INDEX milestone_overdue ON milestone (request_id) WHERE overdue_told AND reached_on IS NULL;
COMMENT ON TABLE milestone IS 'A milestone of the work on a dossier';
COMMENT ON COLUMN milestone.first_due_on IS 'When it was due before it was postponed for the first time';
COMMENT ON COLUMN milestone.postponed_for IS 'Why it was postponed, the last time';
COMMENT ON COLUMN milestone.soon_told IS 'Whether it was published that its date is near';
COMMENT ON COLUMN milestone.overdue_told IS 'Whether it was published that it is late';

CREATE TABLE progress (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES escalation,
    milestone_id uuid REFERENCES milestone,
    at timestamptz NOT NULL,
    team text NOT NULL,
    author text NOT NULL,
    percent integer CHECK (percent BETWEEN 0 AND 100),
    text text NOT NULL CHECK (text <> '')
);
CREATE INDEX progress_of_request ON progress (request_id, at);
COMMENT ON TABLE progress IS 'A report on the progress of the work, by those who do it; never changed';

CREATE TABLE deliverable (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES escalation,
    milestone_id uuid REFERENCES milestone,
    at timestamptz NOT NULL,
    team text NOT NULL,
    author text NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    sha256 text NOT NULL,
    content bytea
);
CREATE INDEX deliverable_of_request ON deliverable (request_id, at);
COMMENT ON TABLE deliverable IS 'A file that the accompaniment produced';
COMMENT ON COLUMN deliverable.content IS 'Never published: null in a database that was rebuilt from the journals';

CREATE TABLE provider_link (
    mobilisation_id uuid PRIMARY KEY REFERENCES mobilisation,
    email text NOT NULL,
    generation integer NOT NULL CHECK (generation >= 1),
    invited_at timestamptz NOT NULL,
    invited_by jsonb NOT NULL
);
COMMENT ON TABLE provider_link IS
    'The personal link by which the one who works on a dossier reports progress; an earlier generation opens nothing';

-- Programmes.

CREATE TABLE programme (
    programme text PRIMARY KEY,
    purpose text,
    starts_on date,
    ends_on date,
    email text,
    phone text,
    changed_at timestamptz,
    CHECK (ends_on >= starts_on)
);
COMMENT ON TABLE programme IS 'The sheet of a national programme; its row is locked while its territories change';
INSERT INTO programme (programme)
VALUES
    ('action_coeur_de_ville'), ('petites_villes_de_demain'), ('ruralites'), ('france_services'), ('territoires_industrie');

CREATE TABLE programme_territory (
    programme text NOT NULL,
    departement text NOT NULL,
    kind text NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    since date,
    until date,
    PRIMARY KEY (programme, departement, kind, code),
    CHECK (until >= since)
);
CREATE INDEX programme_territory_by_code ON programme_territory (kind, code);
COMMENT ON TABLE programme_territory IS 'A territory that a programme covers; one across several départements has a row in each';

CREATE TABLE programme_request (
    request_id uuid PRIMARY KEY,
    programme text NOT NULL,
    number text NOT NULL,
    departement text NOT NULL,
    title text NOT NULL,
    applicant_name text NOT NULL,
    dossier jsonb NOT NULL,
    motive text NOT NULL,
    directed_at timestamptz NOT NULL,
    directed_by jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    state text NOT NULL CHECK (
        state IN ('directed', 'taken_up', 'declined', 'completed', 'withdrawn', 'evaluated', 'closed')
    ),
    interlocutor text,
    taken_up_at timestamptz,
    answer text,
    answered_at timestamptz,
    answered_by jsonb
);
CREATE INDEX programme_request_by_programme ON programme_request (programme, directed_at DESC);
COMMENT ON TABLE programme_request IS 'A request that a département directed to a programme, and what its team did with it';
COMMENT ON COLUMN programme_request.interlocutor IS 'The contact of the département and the collectivité, as the programme''s team named them';
COMMENT ON COLUMN programme_request.answer IS 'Why the team declined, or what the programme brought';

-- What figures are made of.

CREATE TABLE followed (
    request_id uuid PRIMARY KEY,
    number text,
    departement text,
    departement_at timestamptz,
    region text,
    applicant_name text,
    kind text,
    fields text[],
    asked_programme text,
    submitted_at timestamptz,
    registered_at timestamptz,
    outcome text CHECK (
        outcome IN ('local_orientation', 'local_support', 'programme', 'escalation', 'refusal')
    ),
    outcome_at timestamptz,
    first_answer_at timestamptz,
    provider text,
    programme text,
    local_support_cents bigint,
    withdrawn_at timestamptz
);
CREATE INDEX followed_by_departement ON followed (departement);
COMMENT ON TABLE followed IS
    'Any request, as far as figures need it, also one that the département answers; filled in by whichever event comes first';
COMMENT ON COLUMN followed.outcome IS 'The département''s latest answer; null while it looks for one';

CREATE TABLE evaluation (
    request_id uuid NOT NULL,
    round text NOT NULL DEFAULT 'completion' CHECK (round IN ('completion', 'six_months')),
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
    submitted_at timestamptz NOT NULL,
    PRIMARY KEY (request_id, round)
);
CREATE INDEX evaluation_by_time ON evaluation (submitted_at DESC);
COMMENT ON TABLE evaluation IS 'An applicant''s evaluation of the result in one round';

-- Who saw what.

CREATE TABLE consultation (
    agent_id uuid NOT NULL,
    email text,
    request_id uuid,
    path text,
    at timestamptz NOT NULL
);
CREATE INDEX consultation_of_request ON consultation (request_id, at);
CREATE INDEX consultation_of_agent ON consultation (agent_id, at);
COMMENT ON TABLE consultation IS
    'What an agent was shown, and when; once a minute per agent, path and request. A list or an export has its filter in the path';

CREATE TABLE document_access (
    request_id uuid NOT NULL,
    document_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    email text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX document_access_of_request ON document_access (request_id, at);
COMMENT ON TABLE document_access IS 'One time that an agent opened a document or deliverable of a dossier';

-- migrate:down
