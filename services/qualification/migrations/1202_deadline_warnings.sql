-- Why: whoever is awaited is reminded once before the last day, and not at every look at the clock.
-- migrate:up

CREATE TABLE deadline_warning (
    request_id uuid NOT NULL,
    departement text NOT NULL,
    clock text NOT NULL,
    due_on date NOT NULL,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (request_id, departement, clock, due_on),
    FOREIGN KEY (request_id, departement) REFERENCES case_file
);
COMMENT ON TABLE deadline_warning IS 'Which clock of a case was said to run out soon; a new last day is a new warning';
COMMENT ON COLUMN deadline_warning.clock IS 'A stage, or information: the applicant’s time to complete';

-- migrate:down
