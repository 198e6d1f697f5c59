-- The work of local answers: a part of the case, and the files that came out of it.

-- migrate:up
ALTER TABLE case_file ADD COLUMN local_work jsonb;
ALTER TABLE case_file ADD COLUMN local_turn smallint;
ALTER TABLE case_file ADD COLUMN local_due_on date;
ALTER TABLE case_file ADD COLUMN local_remind_on date;
ALTER TABLE case_file ADD COLUMN local_late_after date;
COMMENT ON COLUMN case_file.local_work IS 'The work of the local answer: state, dates, milestones, report, reminders';
COMMENT ON COLUMN case_file.local_turn IS 'Whose turn it is in that work, as turn counts; null: turn says it';
COMMENT ON COLUMN case_file.local_due_on IS 'The nearest last day of that work';
COMMENT ON COLUMN case_file.local_remind_on IS 'The nearest last day of that work of which nobody was reminded';
COMMENT ON COLUMN case_file.local_late_after IS 'The nearest last day of that work whose passing was not published';

ALTER TABLE orientation ADD COLUMN ended_at timestamptz;
COMMENT ON COLUMN orientation.ended_at IS 'When the help that was accepted ended';

ALTER TABLE envelope_commitment ADD COLUMN settled_at timestamptz;
COMMENT ON COLUMN envelope_commitment.settled_at IS
    'When the work that it paid stopped; what was not spent was given back, the amount is what was';

CREATE TABLE local_deliverable (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    departement text NOT NULL,
    document jsonb NOT NULL,
    milestone text,
    team text NOT NULL CHECK (team IN ('departement', 'provider')),
    author text NOT NULL,
    added_at timestamptz NOT NULL,
    content bytea,
    FOREIGN KEY (request_id, departement) REFERENCES case_file
);
CREATE INDEX local_deliverable_of_case ON local_deliverable (request_id, departement, added_at);
COMMENT ON TABLE local_deliverable IS 'A file that came out of the work of a local answer; without its bytes in a rebuilt database';

-- migrate:down
