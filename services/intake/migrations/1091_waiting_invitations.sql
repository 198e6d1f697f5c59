-- Why: invitations wait until the contact's address is confirmed; a wanted link is looked up after the answer, so that the
-- time of the answer does not tell whether the request exists.

-- migrate:up
CREATE TABLE waiting_invitation (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES request,
    name text NOT NULL CHECK (name <> ''),
    email text NOT NULL,
    asked_at timestamptz NOT NULL
);
CREATE INDEX waiting_invitation_of_request ON waiting_invitation (request_id);
COMMENT ON TABLE waiting_invitation IS 'Colleagues whose invitation is published once the contact is confirmed, under this id';

CREATE TABLE wanted_link (
    number text NOT NULL,
    email_digest bytea NOT NULL CHECK (octet_length(email_digest) = 32),
    asked_at timestamptz NOT NULL,
    PRIMARY KEY (number, email_digest)
);
COMMENT ON TABLE wanted_link IS 'New links that somebody asked for and that are not looked up yet; a row is deleted within seconds';

-- migrate:down
