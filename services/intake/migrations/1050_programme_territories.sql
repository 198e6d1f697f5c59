-- Why: a territory's public page names the national programmes that cover it, as the national team tells them.

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
COMMENT ON TABLE programme_territory IS 'What a programme covers; a territory across several départements has a row in each';
CREATE INDEX programme_territory_by_code ON programme_territory (kind, code);

-- migrate:down
