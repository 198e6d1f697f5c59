-- Why: a programme has its sheet, the territories it covers, and a team that takes requests up, declines them or sees them through.

-- migrate:up
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
COMMENT ON TABLE programme_territory IS 'What a programme covers; a territory across several départements has a row in each';
CREATE INDEX programme_territory_by_code ON programme_territory (kind, code);

ALTER TABLE programme_request
    ADD COLUMN interlocutor text,
    ADD COLUMN taken_up_at timestamptz,
    ADD COLUMN answer text,
    ADD COLUMN answered_at timestamptz,
    ADD COLUMN answered_by jsonb,
    DROP CONSTRAINT programme_request_state_check,
    ADD CONSTRAINT programme_request_state_check CHECK (
        state IN ('directed', 'taken_up', 'declined', 'completed', 'withdrawn', 'evaluated', 'closed')
    );
COMMENT ON COLUMN programme_request.interlocutor IS 'Whom the département and the collectivité turn to, as the team named him';
COMMENT ON COLUMN programme_request.answer IS 'Why the team declined, or what the programme brought';

-- migrate:down
