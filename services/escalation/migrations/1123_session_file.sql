-- The bound file of a session: agenda and preparation sheets in one PDF, made in the background.

-- migrate:up
CREATE TABLE session_file (
    session_id uuid PRIMARY KEY REFERENCES committee_session,
    asked_at timestamptz NOT NULL,
    asked_by jsonb NOT NULL,
    begun_at timestamptz,
    failed_at timestamptz,
    made_at timestamptz,
    seconds real,
    pages integer CHECK (pages >= 1),
    request_ids uuid[],
    content bytea,
    CHECK ((made_at IS NULL) = (content IS NULL)),
    CHECK ((made_at IS NULL) = (pages IS NULL))
);
COMMENT ON TABLE session_file IS 'The bound file of a session, as it was asked for last; deleted some time after it was made';
COMMENT ON COLUMN session_file.begun_at IS 'When a service began to make what is asked for; empty until then, and after it is made';
COMMENT ON COLUMN session_file.request_ids IS 'The dossiers in it, in order: the agenda may have changed since';

-- migrate:down
