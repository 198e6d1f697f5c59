-- Why: colleagues whom the applicant invited get his mails too, each with the link that is his own.

-- migrate:up
CREATE TABLE follower (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    ended_at timestamptz
);
CREATE INDEX follower_of_request ON follower (request_id) WHERE ended_at IS NULL;
COMMENT ON TABLE follower IS 'Who follows a request with its applicant; the id is what the link leads to';
COMMENT ON COLUMN follower.ended_at IS 'When the applicant took the invitation back';

-- migrate:down
