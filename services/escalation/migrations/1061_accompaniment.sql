-- Why: an accompaniment is followed: milestones are postponed with a motive, progress is told by those who work, what is delivered is kept.

-- migrate:up
ALTER TABLE milestone
    ADD COLUMN first_due_on date,
    ADD COLUMN postponed_for text,
    ADD CHECK ((first_due_on IS NULL) = (postponed_for IS NULL));
COMMENT ON COLUMN milestone.first_due_on IS 'When it was due before it was postponed for the first time';
COMMENT ON COLUMN milestone.postponed_for IS 'Why it was postponed, the last time';

CREATE TABLE progress (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES escalation,
    milestone_id uuid REFERENCES milestone,
    at timestamptz NOT NULL,
    team text NOT NULL,
    author text NOT NULL,
    percent integer CHECK (percent BETWEEN 0 AND 100),
    text text NOT NULL CHECK (text <> '')
);
COMMENT ON TABLE progress IS 'How far the work is, in the words of those who do it; never changed';
CREATE INDEX progress_of_request ON progress (request_id, at);

CREATE TABLE deliverable (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES escalation,
    milestone_id uuid REFERENCES milestone,
    at timestamptz NOT NULL,
    team text NOT NULL,
    author text NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    sha256 text NOT NULL,
    content bytea
);
COMMENT ON TABLE deliverable IS 'Files that came out of the accompaniment; `content` is told to nobody, and lost to a rebuilt database';
CREATE INDEX deliverable_of_request ON deliverable (request_id, at);

CREATE TABLE provider_link (
    mobilisation_id uuid PRIMARY KEY REFERENCES mobilisation,
    email text NOT NULL,
    generation integer NOT NULL CHECK (generation >= 1),
    invited_at timestamptz NOT NULL,
    invited_by jsonb NOT NULL
);
COMMENT ON TABLE provider_link IS 'The personal link by which whoever works on a dossier tells how it goes; an earlier generation opens nothing';

-- migrate:down
