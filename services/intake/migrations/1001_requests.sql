-- Tables of intake: drafts and filing, requests and what applicants see of them, links and colleagues, public figures.

-- migrate:up

-- Filing a request.

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
    filed_from text,
    submitted_at timestamptz NOT NULL,
    body jsonb NOT NULL,
    departement text NOT NULL,
    departement_at timestamptz NOT NULL,
    service jsonb,
    status text NOT NULL,
    status_at timestamptz NOT NULL,
    team text CHECK (team IN ('applicant', 'departement', 'provider', 'national')),
    expected jsonb,
    national_status text,
    resumed boolean NOT NULL DEFAULT false,
    withdrawal jsonb,
    decision jsonb,
    decision_at timestamptz,
    evaluation_open boolean NOT NULL DEFAULT false,
    evaluated_at timestamptz,
    closed_at timestamptz,
    link_generation integer NOT NULL DEFAULT 1 CHECK (link_generation BETWEEN 1 AND 65535),
    old_link_generation integer,
    contact_confirmed_at timestamptz,
    mail_failed_at timestamptz,
    messages_read_at timestamptz
);
CREATE INDEX request_by_applicant ON request ((body #>> '{applicant,code}'));
CREATE INDEX request_by_epci ON request ((body #>> '{applicant,epci}'));
CREATE INDEX request_by_region ON request ((body #>> '{applicant,region}'));
CREATE INDEX request_by_departement ON request (departement);
CREATE INDEX request_awaits_evaluation ON request (id) WHERE evaluation_open;
CREATE INDEX request_to_close ON request (evaluated_at) WHERE status = 'evaluated';
COMMENT ON TABLE request IS 'A request that was filed, and where it stands';
COMMENT ON COLUMN request.body IS 'The whole request as filed, as it travels in intake.request_submitted.v1';
COMMENT ON COLUMN request.status_at IS 'When the latest thing happened that gave the status, by the clock of the service that published it';
COMMENT ON COLUMN request.national_status IS 'Where the dossier stands before the national team, its questions set aside';
COMMENT ON COLUMN request.resumed IS 'The status is that one because the département has answered a national question';
COMMENT ON COLUMN request.withdrawal IS
    'The latest request to withdraw: its moment, its state, the reason of a refusal, and where the request stands beneath it while it waits';
COMMENT ON COLUMN request.link_generation IS 'The generation of the newest tracking link and access token';
COMMENT ON COLUMN request.old_link_generation IS 'The generation before it, which opens the request until the newest is used; null when none does';
COMMENT ON COLUMN request.contact_confirmed_at IS 'When somebody opened a link that was mailed to the contact; null while nobody has';
COMMENT ON COLUMN request.mail_failed_at IS 'When the latest mail to the applicant could not be delivered; null when it could';
COMMENT ON COLUMN request.messages_read_at IS 'Messages of the département up to this moment were read by the contact; null when none was';

CREATE TABLE filing (
    key_digest bytea PRIMARY KEY CHECK (octet_length(key_digest) = 32),
    body_digest bytea NOT NULL CHECK (octet_length(body_digest) = 32),
    request_id uuid NOT NULL REFERENCES request DEFERRABLE INITIALLY DEFERRED,
    filed_at timestamptz NOT NULL
);
COMMENT ON TABLE filing IS 'Which request an idempotency key made; digests only';

CREATE TABLE draft (
    id uuid PRIMARY KEY,
    answers jsonb NOT NULL DEFAULT '{}',
    filed_by jsonb,
    created_at timestamptz NOT NULL,
    saved_at timestamptz NOT NULL,
    request_id uuid REFERENCES request
);
CREATE INDEX draft_by_age ON draft (saved_at);
COMMENT ON TABLE draft IS 'The answers typed so far in one form; emptied when it is filed, deleted when it is left alone';
COMMENT ON COLUMN draft.filed_by IS 'The agent who files for the collectivité; null when it files by itself';

CREATE TABLE draft_document (
    id uuid PRIMARY KEY,
    draft_id uuid NOT NULL REFERENCES draft ON DELETE CASCADE,
    name text NOT NULL CHECK (name <> ''),
    media_type text NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    sha256 text NOT NULL CHECK (length(sha256) = 64),
    added_at timestamptz NOT NULL
);
CREATE INDEX draft_document_of_draft ON draft_document (draft_id, added_at);
COMMENT ON TABLE draft_document IS
    'A file joined to a draft; its bytes are in the documents folder under the id, before and after filing';

CREATE TABLE used_mandate (
    id uuid PRIMARY KEY,
    key_digest bytea,
    used_at timestamptz NOT NULL
);
COMMENT ON TABLE used_mandate IS 'An agent''s mandate to file for a collectivité that was used, until it ends: each is used once';
COMMENT ON COLUMN used_mandate.key_digest IS 'Digest of the idempotency key under which a request was filed';

CREATE TABLE form_answer (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    filed_from text NOT NULL,
    filed_id text NOT NULL,
    at timestamptz NOT NULL,
    request_id uuid NOT NULL,
    departement text NOT NULL,
    number text,
    refusal jsonb,
    added_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((number IS NULL) <> (refusal IS NULL))
);
COMMENT ON TABLE form_answer IS
    'An answer to another application''s form that the broker has not confirmed yet. Its tracking link is made when it is published, and stored nowhere.';

-- What belongs to a request.

CREATE TABLE step (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES request,
    at timestamptz NOT NULL,
    type text NOT NULL,
    team text NOT NULL CHECK (team IN ('applicant', 'departement', 'provider', 'national')),
    details jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX step_of_request ON step (request_id, at, id);
CREATE INDEX step_by_type ON step (type, at);
COMMENT ON TABLE step IS 'An entry of the timeline that the applicant sees, whichever service published it; pages make the sentences';

CREATE TABLE message (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES request,
    at timestamptz NOT NULL,
    author text NOT NULL CHECK (author IN ('applicant', 'departement')),
    author_name text,
    text text NOT NULL
);
CREATE INDEX message_of_request ON message (request_id, at, id);
COMMENT ON TABLE message IS 'A message between the applicant and the département';
COMMENT ON COLUMN message.author_name IS 'The colleague who wrote; null for the contact themselves, and for the département';

CREATE TABLE document (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES request,
    name text NOT NULL CHECK (name <> ''),
    media_type text NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    sha256 text NOT NULL CHECK (length(sha256) = 64),
    added_at timestamptz NOT NULL,
    with_request boolean NOT NULL DEFAULT false
);
CREATE INDEX document_of_request ON document (request_id, added_at);
COMMENT ON TABLE document IS 'A file joined to a request; its bytes are in the documents folder under the id';
COMMENT ON COLUMN document.with_request IS 'Filed with the request itself: the acknowledgement names these';

CREATE TABLE milestone (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES request,
    title text NOT NULL,
    due_on date NOT NULL,
    reached_on date
);
CREATE INDEX milestone_of_request ON milestone (request_id, due_on);
COMMENT ON TABLE milestone IS 'A milestone of the work with the applicant, as the national team published it';

CREATE TABLE evaluation_asked (
    request_id uuid PRIMARY KEY REFERENCES request,
    round text NOT NULL CHECK (round IN ('completion', 'six_months')),
    asked_at timestamptz NOT NULL,
    invited boolean NOT NULL,
    reminders smallint NOT NULL DEFAULT 0 CHECK (reminders >= 0)
);
CREATE INDEX evaluation_asked_by_time ON evaluation_asked (round, asked_at);
COMMENT ON TABLE evaluation_asked IS 'The latest time that the applicant was asked to evaluate the result';
COMMENT ON COLUMN evaluation_asked.invited IS 'Whether a mail asked them: only then are they reminded';

CREATE TABLE evaluation (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES request,
    round text NOT NULL DEFAULT 'completion' CHECK (round IN ('completion', 'six_months')),
    at timestamptz NOT NULL,
    need_met smallint NOT NULL CHECK (need_met BETWEEN 1 AND 5),
    progress smallint NOT NULL CHECK (progress BETWEEN 1 AND 5),
    satisfaction smallint NOT NULL CHECK (satisfaction BETWEEN 1 AND 5),
    impact text,
    comment text
);
CREATE INDEX evaluation_of_request ON evaluation (request_id);
COMMENT ON TABLE evaluation IS 'The applicant''s evaluation of the result, from 1 (not at all) to 5 (entirely), in one round';

-- Who follows a request.

CREATE TABLE colleague (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES request,
    name text NOT NULL CHECK (name <> ''),
    email text NOT NULL,
    invited_at timestamptz NOT NULL,
    removed_at timestamptz,
    mail_failed_at timestamptz,
    messages_read_at timestamptz
);
CREATE UNIQUE INDEX colleague_follows_once ON colleague (request_id, lower(email)) WHERE removed_at IS NULL;
COMMENT ON TABLE colleague IS 'A colleague whom the applicant invited; their tracking link is made of the id';
COMMENT ON COLUMN colleague.removed_at IS 'When the invitation was taken back; from then on the link opens nothing';
COMMENT ON COLUMN colleague.mail_failed_at IS 'When the latest mail to the colleague could not be delivered; null when it could';
COMMENT ON COLUMN colleague.messages_read_at IS 'Messages of the département up to this moment were read by the colleague';

CREATE TABLE waiting_invitation (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES request,
    name text NOT NULL CHECK (name <> ''),
    email text NOT NULL,
    asked_at timestamptz NOT NULL
);
CREATE INDEX waiting_invitation_of_request ON waiting_invitation (request_id);
COMMENT ON TABLE waiting_invitation IS 'An invitation that is published, under this id, once the contact''s address is confirmed';

-- No foreign key: a link is asked for before it is known whether the request exists, so that the time of the answer
-- does not tell.
CREATE TABLE wanted_link (
    number text NOT NULL,
    email_digest bytea NOT NULL CHECK (octet_length(email_digest) = 32),
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (number, email_digest)
);
COMMENT ON TABLE wanted_link IS 'A new tracking link that was asked for and not looked up yet; a row is deleted within seconds';

-- What the public pages show.

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

CREATE TABLE published_figures (
    period timestamptz PRIMARY KEY,
    figures json NOT NULL
);
COMMENT ON TABLE published_figures IS
    'A snapshot of the public figures, published at a stated rhythm so that two of them do not reveal a small group; a new one is compared with those before';
COMMENT ON COLUMN published_figures.period IS 'When the month, week or day began for which the snapshot was taken';

CREATE TABLE published_amount (
    request_id uuid NOT NULL REFERENCES request,
    team text NOT NULL CHECK (team IN ('departement', 'national')),
    cents bigint NOT NULL,
    PRIMARY KEY (request_id, team)
);
COMMENT ON TABLE published_amount IS 'What the published sums contain of a request; several applicants enter or change together';

CREATE TABLE published_evaluation (
    evaluation_id uuid PRIMARY KEY REFERENCES evaluation
);
COMMENT ON TABLE published_evaluation IS 'An evaluation that the published means contain; those of several applicants enter together';

-- The folder of documents.

CREATE TABLE document_folder (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    mark bigint NOT NULL DEFAULT 0 CHECK (mark >= 0),
    folder_mark bigint,
    ahead_since timestamptz,
    CHECK ((folder_mark IS NULL) = (ahead_since IS NULL))
);
COMMENT ON TABLE document_folder IS
    'One row: a mark that grows, stored here and in the folder. When the folder''s is higher, this database was restored from a backup.';
INSERT INTO document_folder DEFAULT VALUES;

CREATE TABLE unclaimed_file (
    id uuid PRIMARY KEY,
    size bigint NOT NULL,
    modified_at timestamptz NOT NULL
);
COMMENT ON TABLE unclaimed_file IS
    'A file without a row, found while the folder is ahead of this database: an operator decides about it.';

-- migrate:down
