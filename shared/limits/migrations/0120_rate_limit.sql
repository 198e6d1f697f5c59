-- Table of rate limits, which all copies of a service share.

-- migrate:up
CREATE TABLE rate_limit (
    purpose text NOT NULL,
    subject bytea NOT NULL CHECK (octet_length(subject) = 16),
    used bigint NOT NULL CHECK (used >= 0),
    most bigint NOT NULL,
    ends_at timestamptz NOT NULL,
    PRIMARY KEY (purpose, subject)
);
CREATE INDEX rate_limit_by_end ON rate_limit (ends_at);
COMMENT ON TABLE rate_limit IS 'How much of a purpose one subject has used in its present window; a row is deleted after its window';
COMMENT ON COLUMN rate_limit.subject IS 'Keyed digest of a network address, a mail address or a request, which cannot be read from it';
COMMENT ON COLUMN rate_limit.most IS 'The limit that held at the latest use';

-- migrate:down
