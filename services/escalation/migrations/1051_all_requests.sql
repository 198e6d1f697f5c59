-- Why: the national team's figures are about all requests, also those that the départements answer; evaluations come in rounds.

-- migrate:up
CREATE TABLE followed (
    request_id uuid PRIMARY KEY,
    number text,
    departement text,
    departement_at timestamptz,
    region text,
    applicant_name text,
    kind text,
    fields text[],
    asked_programme text,
    submitted_at timestamptz,
    registered_at timestamptz,
    outcome text CHECK (
        outcome IN ('local_orientation', 'local_support', 'programme', 'escalation', 'refusal')
    ),
    outcome_at timestamptz,
    first_answer_at timestamptz,
    provider text,
    programme text,
    local_support_cents bigint,
    withdrawn_at timestamptz
);
COMMENT ON TABLE followed IS 'Every request there is, as far as figures need it, filled in by whichever event comes first';
COMMENT ON COLUMN followed.outcome IS 'The département''s latest answer; null while it looks for one';
CREATE INDEX followed_by_departement ON followed (departement);

ALTER TABLE evaluation
    ADD COLUMN round text NOT NULL DEFAULT 'completion' CHECK (round IN ('completion', 'six_months')),
    DROP CONSTRAINT evaluation_pkey,
    ADD PRIMARY KEY (request_id, round);

-- migrate:down
