-- Remarks on the minutes of a session, and their approval, which freezes them.

-- migrate:up
CREATE TABLE minutes_remark (
    id uuid PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES committee_session,
    at timestamptz NOT NULL,
    author text NOT NULL CHECK (author <> ''),
    text text NOT NULL CHECK (text <> ''),
    by jsonb NOT NULL
);
CREATE INDEX minutes_remark_of_session ON minutes_remark (session_id, at);
COMMENT ON TABLE minutes_remark IS 'What somebody remarked on the draft of minutes; it stands in them once they are approved';
COMMENT ON COLUMN minutes_remark.by IS 'The agent who recorded it';

CREATE TABLE minutes_approval (
    session_id uuid PRIMARY KEY REFERENCES committee_session,
    way text NOT NULL CHECK (way IN ('chair', 'next_session')),
    approved_by text NOT NULL CHECK (approved_by <> ''),
    approved_on date NOT NULL,
    in_session uuid REFERENCES committee_session,
    recorded_at timestamptz NOT NULL,
    recorded_by jsonb NOT NULL,
    content jsonb NOT NULL,
    CHECK ((way = 'next_session') = (in_session IS NOT NULL)),
    CHECK (in_session <> session_id)
);
COMMENT ON TABLE minutes_approval IS 'The approval of the minutes of a session; never changed';
COMMENT ON COLUMN minutes_approval.content IS 'The minutes as they were approved';

-- migrate:down
