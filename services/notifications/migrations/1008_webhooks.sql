-- Why: partners' programs are told what happens, each in order and at least once, from any position they choose.

-- migrate:up
CREATE TABLE partner_event (
    event_id uuid PRIMARY KEY,
    position bigint UNIQUE,
    type text NOT NULL,
    departement text NOT NULL,
    body jsonb NOT NULL,
    noted_at timestamptz NOT NULL
);
CREATE INDEX partner_event_unnumbered ON partner_event (noted_at, event_id) WHERE position IS NULL;
CREATE INDEX partner_event_by_time ON partner_event (noted_at);
COMMENT ON TABLE partner_event IS 'What partners may be told, without anything that people typed or who they are';
COMMENT ON COLUMN partner_event.position IS
    'Given after the commit, by one numberer at a time: who reads on from a position misses nothing that came later';

CREATE TABLE webhook (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    url text NOT NULL,
    types text[] NOT NULL DEFAULT '{}',
    departements text[] NOT NULL DEFAULT '{}',
    position bigint NOT NULL CHECK (position >= 0),
    state text NOT NULL CHECK (state IN ('active', 'suspended', 'ended')),
    suspended_because text,
    secret_generation integer NOT NULL DEFAULT 1 CHECK (secret_generation >= 1),
    secret_changed_at timestamptz NOT NULL,
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    failing_since timestamptz,
    next_attempt_at timestamptz NOT NULL,
    attempt_id uuid,
    lease_until timestamptz,
    created_by uuid NOT NULL REFERENCES agent,
    created_at timestamptz NOT NULL,
    CONSTRAINT webhook_says_why_it_is_suspended CHECK ((state = 'suspended') = (suspended_because IS NOT NULL)),
    CONSTRAINT webhook_fails_since_some_time CHECK ((failures = 0) = (failing_since IS NULL))
);
COMMENT ON COLUMN webhook.position IS 'The last event that the partner took, or that was not for him';
COMMENT ON COLUMN webhook.types IS 'Which facts it wants; empty: all';
COMMENT ON COLUMN webhook.departements IS 'Of which départements; empty: all';
COMMENT ON COLUMN webhook.secret_generation IS 'The secret itself is made of this number and a key of the service, and never kept';

CREATE TABLE webhook_attempt (
    id uuid PRIMARY KEY,
    webhook_id uuid NOT NULL REFERENCES webhook,
    event_id uuid NOT NULL,
    position bigint NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    result text CHECK (result IN ('taken', 'refused', 'unreachable', 'forbidden')),
    status smallint,
    answer text
);
CREATE INDEX webhook_attempt_of_webhook ON webhook_attempt (webhook_id, began_at DESC);
CREATE INDEX webhook_attempt_by_time ON webhook_attempt (began_at);

-- migrate:down
