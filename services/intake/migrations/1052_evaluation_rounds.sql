-- Why: the applicant is asked what came of it when the help ends and some months later, and is reminded of it.

-- migrate:up
CREATE TABLE evaluation_asked (
    request_id uuid PRIMARY KEY REFERENCES request,
    round text NOT NULL CHECK (round IN ('completion', 'six_months')),
    asked_at timestamptz NOT NULL,
    invited boolean NOT NULL,
    reminders smallint NOT NULL DEFAULT 0 CHECK (reminders >= 0)
);
COMMENT ON TABLE evaluation_asked IS 'The latest time that the applicant could say what came of it';
COMMENT ON COLUMN evaluation_asked.invited IS 'Whether a mail asked him: only then is he reminded';
CREATE INDEX evaluation_asked_by_time ON evaluation_asked (round, asked_at);
ALTER TABLE evaluation ADD COLUMN round text NOT NULL DEFAULT 'completion' CHECK (round IN ('completion', 'six_months'));

-- migrate:down
