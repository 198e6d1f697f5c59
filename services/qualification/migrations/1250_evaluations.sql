-- Why: the département sees what its applicants say of the result, beside what was answered and what it cost.
-- migrate:up

CREATE TABLE evaluation (
    request_id uuid NOT NULL,
    departement text NOT NULL,
    round text NOT NULL CHECK (round IN ('completion', 'six_months')),
    need_met integer NOT NULL CHECK (need_met BETWEEN 1 AND 5),
    progress integer NOT NULL CHECK (progress BETWEEN 1 AND 5),
    satisfaction integer NOT NULL CHECK (satisfaction BETWEEN 1 AND 5),
    impact text,
    comment text,
    submitted_at timestamptz NOT NULL,
    PRIMARY KEY (request_id, departement, round),
    FOREIGN KEY (request_id, departement) REFERENCES case_file
);
CREATE INDEX evaluation_of_departement ON evaluation (departement, submitted_at DESC);
COMMENT ON TABLE evaluation IS 'What an applicant said of the result, from 1 (not at all) to 5 (entirely); once when the help ends, once six months later';

-- migrate:down
