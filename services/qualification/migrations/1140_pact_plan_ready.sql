-- Pacts that are signed knowingly: the plan is ready, owners are parties, who pays, who signed in which quality.

-- migrate:up
ALTER TABLE pact
    ADD COLUMN number integer NOT NULL DEFAULT 1,
    ADD COLUMN ready_at timestamptz,
    ADD COLUMN amending text,
    ADD COLUMN last_act jsonb,
    ADD CONSTRAINT pact_is_amended_once_signed
        CHECK (amending IS NULL OR (state = 'signed' AND amending IN ('diagnosis', 'planning'))) NOT VALID;
COMMENT ON COLUMN pact.number IS 'The version of the pact that is prepared, signed or, without one, in force';
COMMENT ON COLUMN pact.ready_at IS 'Since when that version can be signed; null while it is worked at';
COMMENT ON COLUMN pact.amending IS 'Where the version after the one in force stands; null when none is prepared';
COMMENT ON COLUMN pact.last_act IS 'Who did what last, in words for people, and when: what refusals of stale pages say';

ALTER TABLE pact_party
    ADD COLUMN joined_in integer NOT NULL DEFAULT 1,
    ADD COLUMN left_in integer,
    ADD COLUMN removed_at timestamptz,
    ADD COLUMN reminded_at timestamptz,
    ADD COLUMN reminders integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN pact_party.joined_in IS 'From which version of the pact on this is a party';
COMMENT ON COLUMN pact_party.left_in IS 'From which version on it no longer is; it keeps its link until that is in force';
COMMENT ON COLUMN pact_party.removed_at IS 'Since when this is no party, and its link opens nothing';
COMMENT ON COLUMN pact_party.reminded_at IS 'When it was last asked to sign this version, or reminded';
COMMENT ON COLUMN pact_party.reminders IS 'How often it was reminded to sign this version';

ALTER TABLE pact_action
    ADD COLUMN owner_id uuid,
    ADD COLUMN partner_ids uuid[],
    ADD COLUMN shares jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN changed_at timestamptz,
    ADD COLUMN dropped_in integer;
COMMENT ON COLUMN pact_action.owner_id IS 'The party that owns the action; null where only its written name is known';
COMMENT ON COLUMN pact_action.partner_ids IS 'The parties that take part; null where only their written names are known';
COMMENT ON COLUMN pact_action.shares IS 'Who pays how much: party or name of another payer, euro cents';
COMMENT ON COLUMN pact_action.changed_at IS 'When it was last edited';
COMMENT ON COLUMN pact_action.dropped_in IS 'From which version of the pact on it is no longer in the plan';

ALTER TABLE pact_signature
    ADD COLUMN name text,
    ADD COLUMN function text,
    ADD COLUMN authority text,
    ADD COLUMN sha256 text;
COMMENT ON COLUMN pact_signature.authority IS 'By what this person may bind the party: office, deliberation, delegation';
COMMENT ON COLUMN pact_signature.sha256 IS 'Of the document that was signed';

CREATE TABLE pact_version (
    pact_id uuid NOT NULL REFERENCES pact,
    number integer NOT NULL CHECK (number > 0),
    state text NOT NULL CHECK (state IN ('to_sign', 'in_force', 'replaced', 'given_up')),
    content jsonb NOT NULL,
    ready_at timestamptz NOT NULL,
    signed_on date,
    ended_at timestamptz,
    signatures jsonb NOT NULL DEFAULT '[]',
    document bytea,
    sha256 text,
    signed_document bytea,
    signed_sha256 text,
    PRIMARY KEY (pact_id, number)
);
COMMENT ON TABLE pact_version IS 'What the parties of a pact were asked to sign, frozen; from the moment at which its plan was ready';
COMMENT ON COLUMN pact_version.content IS 'Parties, diagnosis and actions as they are signed';
COMMENT ON COLUMN pact_version.signed_on IS 'When the last party signed';
COMMENT ON COLUMN pact_version.ended_at IS 'When another version replaced it, or it was given up';
COMMENT ON COLUMN pact_version.signatures IS 'Of a version that is signed by all or ended; until then they are in pact_signature';
COMMENT ON COLUMN pact_version.document IS 'The PDF that was put to signature, as it was then';
COMMENT ON COLUMN pact_version.signed_document IS 'The same with all signatures; null until the last one';

-- migrate:down
