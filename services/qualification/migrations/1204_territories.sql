-- Why: the page of a case shows what covers its territory and what else was asked there, also among ten thousand cases.
-- migrate:up

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
COMMENT ON TABLE programme_territory IS 'What a programme covers, as the national team told it; a territory across several départements has a row in each';

ALTER TABLE case_file
    ADD COLUMN territory text GENERATED ALWAYS AS (
        coalesce(nullif(request #>> '{applicant,epci}', ''), nullif(request #>> '{applicant,code}', ''))
    ) STORED;
CREATE INDEX case_file_of_territory ON case_file (departement, territory, opened_at DESC);
COMMENT ON COLUMN case_file.territory IS 'The applicant''s intercommunalité, or itself where it has none; none for a priority territory';

-- migrate:down
