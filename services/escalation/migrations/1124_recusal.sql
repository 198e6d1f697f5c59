-- Members who withdraw from a dossier in which they have an interest.

-- migrate:up
CREATE TABLE recusal (
    session_id uuid NOT NULL,
    request_id uuid NOT NULL,
    member text NOT NULL CHECK (member <> ''),
    declared boolean NOT NULL,
    noted_at timestamptz NOT NULL,
    noted_by jsonb NOT NULL,
    PRIMARY KEY (session_id, request_id, member),
    FOREIGN KEY (session_id, request_id) REFERENCES agenda_item (session_id, request_id)
);
COMMENT ON TABLE recusal IS 'A member who neither deliberates nor votes on a dossier, having an interest in it';
COMMENT ON COLUMN recusal.declared IS 'Whether the member declared the interest; else the secretary noted it';

ALTER TABLE decision
    ADD COLUMN recused text[] NOT NULL DEFAULT '{}',
    ADD COLUMN voters integer;
COMMENT ON COLUMN decision.recused IS 'Members who withdrew, having an interest in the dossier';
COMMENT ON COLUMN decision.voters IS 'How many members could vote on it, without those who withdrew; none without members';

-- migrate:down
