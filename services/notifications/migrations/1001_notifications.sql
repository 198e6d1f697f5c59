-- Tables of notifications: what is known of requests, who wants which mail, mails and what came back to them, webhooks.

-- migrate:up

-- What mails say, known from consumed events.

CREATE TABLE known_request (
    request_id uuid PRIMARY KEY,
    number text NOT NULL,
    title text NOT NULL,
    applicant text NOT NULL,
    contact_name text NOT NULL,
    contact_email text NOT NULL,
    departement text NOT NULL,
    in_charge_since timestamptz NOT NULL,
    link_generation integer NOT NULL DEFAULT 1 CHECK (link_generation >= 1),
    escalated boolean NOT NULL DEFAULT false,
    programmes text[] NOT NULL DEFAULT '{}',
    withdrawn_at timestamptz
);
COMMENT ON TABLE known_request IS 'What mails say about a request, taken from the events.';
COMMENT ON COLUMN known_request.programmes IS 'The national programmes that the request was directed to, or escalated for.';
COMMENT ON COLUMN known_request.withdrawn_at IS 'When the owner of the current step accepted that the applicant withdraws.';

-- A row per request, although the newest row of a département counts: a row per département would be locked by every
-- event about it, and two batches beside each other would wait for each other in a ring.
CREATE TABLE presented_service (
    departement text NOT NULL,
    request_id uuid NOT NULL,
    name text NOT NULL,
    address text,
    email text,
    phone text,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (departement, request_id)
);
CREATE INDEX presented_service_newest ON presented_service (departement, told_at DESC, request_id);
COMMENT ON TABLE presented_service IS 'How a département''s service presented itself with a request; the newest row counts';

-- A row per request for the same reason.
CREATE TABLE presented_provider (
    provider_id uuid NOT NULL,
    departement text NOT NULL,
    request_id uuid NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    phone text,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (provider_id, departement, request_id)
);
CREATE INDEX presented_provider_newest ON presented_provider (provider_id, departement, told_at DESC, request_id);
COMMENT ON TABLE presented_provider IS 'How a local provider was reached, as published with a request; the newest row counts';

CREATE TABLE follower (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    ended_at timestamptz
);
CREATE INDEX follower_of_request ON follower (request_id) WHERE ended_at IS NULL;
COMMENT ON TABLE follower IS 'A colleague who follows a request with its applicant; their tracking link is made of the id';
COMMENT ON COLUMN follower.ended_at IS 'When the applicant took the invitation back';

-- Who wants which mail, and where.

CREATE TABLE preference (
    holder text NOT NULL,
    audience text NOT NULL,
    template text NOT NULL,
    cadence text NOT NULL CHECK (cadence IN ('instant', 'daily', 'weekly', 'never')),
    hour smallint NOT NULL CHECK (hour BETWEEN 0 AND 23),
    weekday smallint NOT NULL CHECK (weekday BETWEEN 0 AND 6),
    changed_by uuid NOT NULL REFERENCES agent,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (holder, audience, template),
    CONSTRAINT preference_of_a_mailbox_is_not_never CHECK (cadence <> 'never' OR holder LIKE 'agent:%')
);
COMMENT ON TABLE preference IS 'How often a holder wants the mails of one template';
COMMENT ON COLUMN preference.holder IS
    'agent:<id> for an agent''s own address, mailbox:<audience>:<département or programme> for a team''s';
COMMENT ON COLUMN preference.template IS 'A template''s name, or * for those without a choice of their own';

CREATE TABLE absence (
    agent_id uuid PRIMARY KEY REFERENCES agent,
    from_on date NOT NULL,
    until_on date NOT NULL,
    stand_in uuid REFERENCES agent,
    changed_at timestamptz NOT NULL,
    CONSTRAINT absence_ends_after_it_began CHECK (until_on >= from_on),
    CONSTRAINT absence_is_stood_in_for_by_another CHECK (stand_in <> agent_id)
);
COMMENT ON TABLE absence IS 'The current or next absence of an agent, by the calendar of their département';

CREATE TABLE contact (
    holder text PRIMARY KEY CHECK (holder LIKE 'mailbox:%'),
    name text NOT NULL,
    address text,
    email text NOT NULL,
    phone text,
    changed_by uuid NOT NULL REFERENCES agent,
    changed_at timestamptz NOT NULL
);
COMMENT ON TABLE contact IS
    'How a team is reached, as its agents entered it: it precedes what is configured and what events say';

-- Mails.

CREATE TABLE delivery (
    id uuid PRIMARY KEY,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    event_at timestamptz NOT NULL,
    request_id uuid,
    number text,
    departement text,
    audience text NOT NULL CHECK (
        audience IN (
            'applicant', 'departement', 'delegate', 'provider', 'party', 'national', 'committee', 'programme',
            'operator'
        )
    ),
    template text NOT NULL,
    holder text NOT NULL,
    recipient text NOT NULL,
    domain text NOT NULL GENERATED ALWAYS AS (lower(substring(recipient FROM '[^@]*$'))) STORED,
    subject text NOT NULL,
    text_body text NOT NULL,
    html_body text NOT NULL,
    link_kind text NOT NULL,
    link_target text NOT NULL,
    reply_to text,
    thread_id uuid NOT NULL,
    cadence text NOT NULL CHECK (cadence IN ('instant', 'daily', 'weekly')),
    digest_id uuid REFERENCES delivery,
    status text NOT NULL CHECK (status IN ('queued', 'sending', 'sent', 'failed', 'uncertain')),
    round integer NOT NULL DEFAULT 0 CHECK (round >= 0),
    asked_by text,
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    attempt_id uuid,
    lease_until timestamptz,
    tried_since timestamptz NOT NULL,
    next_attempt_at timestamptz,
    reason text,
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    CONSTRAINT delivery_once_per_event_and_person UNIQUE (event_id, audience, recipient),
    CONSTRAINT delivery_sending_has_its_attempt CHECK (
        status <> 'sending' OR (attempt_id IS NOT NULL AND lease_until IS NOT NULL)
    ),
    CONSTRAINT delivery_sent_has_its_moment CHECK (status <> 'sent' OR sent_at IS NOT NULL),
    CONSTRAINT delivery_needs_an_address CHECK (recipient <> '' OR status = 'failed')
);
CREATE INDEX delivery_due ON delivery (next_attempt_at) WHERE status = 'queued';
CREATE INDEX delivery_under_way ON delivery (lease_until) WHERE status = 'sending';
CREATE INDEX delivery_unsent ON delivery (status, created_at) WHERE status <> 'sent';
CREATE INDEX delivery_of_request ON delivery (request_id, created_at);
CREATE INDEX delivery_of_holder ON delivery (holder, created_at DESC);
CREATE INDEX delivery_of_digest ON delivery (digest_id) WHERE digest_id IS NOT NULL;
CREATE INDEX delivery_by_time ON delivery (created_at DESC);
COMMENT ON TABLE delivery IS
    'One mail about one event to one recipient, written with the effect of the event; an empty recipient means that no address was known.';
COMMENT ON COLUMN delivery.text_body IS 'The mail with a mark in place of its secret link, which is made only when it is sent';

CREATE TABLE delivery_attempt (
    id uuid PRIMARY KEY,
    delivery_id uuid NOT NULL REFERENCES delivery,
    round integer NOT NULL,
    asked_by text,
    began_at timestamptz NOT NULL,
    content_at timestamptz,
    ended_at timestamptz,
    result text CHECK (
        result IN ('sent', 'deferred', 'unreachable', 'refused', 'interrupted', 'uncertain', 'returned')
    ),
    answer text
);
CREATE INDEX delivery_attempt_of_delivery ON delivery_attempt (delivery_id, began_at);
COMMENT ON TABLE delivery_attempt IS 'One attempt to give a mail to the mail server';
COMMENT ON COLUMN delivery_attempt.content_at IS
    'Committed before the content is offered to the mail server: without it, the server cannot have taken the mail.';

CREATE TABLE domain_pace (
    domain text PRIMARY KEY,
    free_at timestamptz NOT NULL
);
COMMENT ON TABLE domain_pace IS
    'From when the next mail may leave for a domain, which refuses senders that are too fast; the senders of all copies share it';

CREATE TABLE incoming_mail (
    delivery_id uuid NOT NULL REFERENCES delivery,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    kind text NOT NULL CHECK (kind IN ('reply', 'report', 'automatic')),
    received_at timestamptz NOT NULL,
    PRIMARY KEY (delivery_id, digest)
);
COMMENT ON TABLE incoming_mail IS
    'A mail that came back to a delivery; what a person wrote is published in an event and not stored here';
COMMENT ON COLUMN incoming_mail.digest IS
    'SHA-256 of the mail, so that a mail server which delivers it twice changes nothing';

CREATE TABLE bad_address (
    id uuid PRIMARY KEY,
    address text NOT NULL UNIQUE,
    since timestamptz NOT NULL,
    answer text NOT NULL,
    delivery_id uuid NOT NULL REFERENCES delivery
);
COMMENT ON TABLE bad_address IS
    'An address that a mail server refused permanently, until somebody says that it takes mail again';

CREATE TABLE bell_read (
    agent_id uuid NOT NULL REFERENCES agent,
    delivery_id uuid NOT NULL REFERENCES delivery,
    read_at timestamptz NOT NULL,
    PRIMARY KEY (agent_id, delivery_id)
);
COMMENT ON TABLE bell_read IS 'A mail to the mailbox of a team that one of its agents marked as read';

-- Webhooks.

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
COMMENT ON TABLE partner_event IS 'An event for partners, without what people typed or who they are';
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
    gave_up_at timestamptz,
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
COMMENT ON TABLE webhook IS 'A partner''s subscription to events, which are sent in order and at least once';
COMMENT ON COLUMN webhook.types IS 'Which event types it wants; empty: all';
COMMENT ON COLUMN webhook.departements IS 'Of which départements; empty: all';
COMMENT ON COLUMN webhook.position IS 'The last event that the partner took, or that did not match the subscription';
COMMENT ON COLUMN webhook.gave_up_at IS 'When it was suspended after failures; NULL while active or when suspended by an operator';
COMMENT ON COLUMN webhook.secret_generation IS 'The secret itself is derived from this number and a key of the service, and never stored';

CREATE TABLE webhook_attempt (
    id uuid PRIMARY KEY,
    webhook_id uuid NOT NULL REFERENCES webhook,
    event_id uuid NOT NULL,
    position bigint NOT NULL,
    test boolean NOT NULL DEFAULT false,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    result text CHECK (result IN ('taken', 'refused', 'unreachable', 'forbidden')),
    status smallint,
    answer text
);
CREATE INDEX webhook_attempt_of_webhook ON webhook_attempt (webhook_id, began_at DESC);
CREATE INDEX webhook_attempt_by_time ON webhook_attempt (began_at);
COMMENT ON TABLE webhook_attempt IS 'One attempt to send an event to a subscription';

CREATE TABLE webhook_test (
    webhook_id uuid PRIMARY KEY REFERENCES webhook,
    requested_by uuid NOT NULL REFERENCES agent,
    requested_at timestamptz NOT NULL
);
COMMENT ON TABLE webhook_test IS 'A test event to be sent, at most one per subscription; deleted when the attempt begins';

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

-- migrate:down
