-- Why: territorial pacts are kept by the département, whose préfet signs them: what the parties found, agreed, planned, signed and did.
-- migrate:up

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
    CONSTRAINT pact_party_place UNIQUE (pact_id, place),
    CONSTRAINT pact_party_of_pact UNIQUE (pact_id, id)
);
CREATE UNIQUE INDEX pact_one_state ON pact_party (pact_id) WHERE kind = 'state';

CREATE TABLE pact_diagnosis (
    pact_id uuid NOT NULL REFERENCES pact,
    version integer NOT NULL CHECK (version > 0),
    diagnosis jsonb NOT NULL,
    shared_at timestamptz NOT NULL,
    shared_by jsonb NOT NULL,
    PRIMARY KEY (pact_id, version)
);
COMMENT ON TABLE pact_diagnosis IS 'Every version that was on the table: what was agreed once stays readable';

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
COMMENT ON TABLE pact_agreement IS 'Agreements count for the version they were given to; a new version voids them';

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
COMMENT ON TABLE pact_progress IS 'What was told of each action, and when: the last one is repeated on the action itself';

CREATE TABLE pact_review (
    id uuid PRIMARY KEY,
    pact_id uuid NOT NULL REFERENCES pact,
    held_on date NOT NULL,
    summary text NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by jsonb NOT NULL
);
CREATE INDEX pact_review_of_pact ON pact_review (pact_id, held_on);
COMMENT ON TABLE pact_review IS 'The yearly reviews that were held';

-- migrate:down
