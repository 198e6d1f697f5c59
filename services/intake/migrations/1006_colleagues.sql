-- Why: a mayor's secretary does not follow a request alone; each colleague has a link of his own, which can be taken back.

-- migrate:up
CREATE TABLE colleague (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES request,
    name text NOT NULL CHECK (name <> ''),
    email text NOT NULL,
    invited_at timestamptz NOT NULL,
    removed_at timestamptz,
    mail_failed_at timestamptz
);
CREATE UNIQUE INDEX colleague_follows_once ON colleague (request_id, lower(email)) WHERE removed_at IS NULL;
COMMENT ON TABLE colleague IS 'Whom the applicant invited; the id is what the colleague''s link leads to';
COMMENT ON COLUMN colleague.removed_at IS 'When the invitation was taken back; from then on the link opens nothing';
COMMENT ON COLUMN colleague.mail_failed_at IS 'When the latest mail to the colleague could not be delivered; null when it could';

ALTER TABLE message ADD COLUMN author_name text;
COMMENT ON COLUMN message.author_name IS 'The colleague who wrote; null for the contact himself, and for the département';

-- migrate:down
