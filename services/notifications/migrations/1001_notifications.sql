-- Why: each mail owed to somebody is a row written with the event that causes it, so that none is lost and none doubled.

-- migrate:up
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
    escalated boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE known_request IS 'What mails must say about a request, learned from the events.';

CREATE TABLE departement_service (
    departement text PRIMARY KEY,
    name text NOT NULL,
    address text,
    email text,
    phone text,
    told_at timestamptz NOT NULL
);
COMMENT ON TABLE departement_service IS 'The service in charge in each département, as it presented itself last.';

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
COMMENT ON COLUMN preference.holder IS 'agent:<id> for his own address, mailbox:<audience>:<département or programme> for a team''s';
COMMENT ON COLUMN preference.template IS 'A template''s name, or * for those without a choice of their own';

CREATE TABLE delivery (
    id uuid PRIMARY KEY,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    event_at timestamptz NOT NULL,
    request_id uuid,
    number text,
    departement text,
    audience text NOT NULL CHECK (
        audience IN ('applicant', 'departement', 'delegate', 'provider', 'national', 'programme', 'operator')
    ),
    template text NOT NULL,
    holder text NOT NULL,
    recipient text NOT NULL,
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
COMMENT ON TABLE delivery IS 'One mail about one event to one recipient; an empty recipient means that no address was known.';
COMMENT ON COLUMN delivery.text_body IS 'The mail with a mark where a secret link stands: the link itself is made at sending only';
CREATE INDEX delivery_due ON delivery (next_attempt_at) WHERE status = 'queued';
CREATE INDEX delivery_under_way ON delivery (lease_until) WHERE status = 'sending';
CREATE INDEX delivery_of_request ON delivery (request_id, created_at);
CREATE INDEX delivery_by_time ON delivery (created_at DESC);
CREATE INDEX delivery_of_digest ON delivery (digest_id) WHERE digest_id IS NOT NULL;

CREATE TABLE delivery_attempt (
    id uuid PRIMARY KEY,
    delivery_id uuid NOT NULL REFERENCES delivery,
    round integer NOT NULL,
    asked_by text,
    began_at timestamptz NOT NULL,
    content_at timestamptz,
    ended_at timestamptz,
    result text CHECK (result IN ('sent', 'deferred', 'unreachable', 'refused', 'interrupted', 'uncertain')),
    answer text
);
COMMENT ON COLUMN delivery_attempt.content_at IS
    'Committed before the content is offered to the mail server: without it, the server cannot have taken the mail.';
CREATE INDEX delivery_attempt_of_delivery ON delivery_attempt (delivery_id, began_at);

-- migrate:down
