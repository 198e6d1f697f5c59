-- Why: what comes back to a mail reaches its case once, and an address that takes no mail is known before the next one is sent.

-- migrate:up
CREATE TABLE incoming_mail (
    delivery_id uuid NOT NULL REFERENCES delivery,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    kind text NOT NULL CHECK (kind IN ('reply', 'report', 'automatic')),
    received_at timestamptz NOT NULL,
    PRIMARY KEY (delivery_id, digest)
);
COMMENT ON TABLE incoming_mail IS 'What came back to a delivery; what a person wrote travels in an event and is not kept here';
COMMENT ON COLUMN incoming_mail.digest IS 'SHA-256 of what came, so that a mail server which gives it twice changes nothing';

CREATE TABLE bad_address (
    id uuid PRIMARY KEY,
    address text NOT NULL UNIQUE,
    since timestamptz NOT NULL,
    answer text NOT NULL,
    delivery_id uuid NOT NULL REFERENCES delivery
);
COMMENT ON TABLE bad_address IS 'Addresses of which a mail server said for good that they take no mail, until somebody says they do';

ALTER TABLE delivery_attempt
    DROP CONSTRAINT delivery_attempt_result_check,
    ADD CONSTRAINT delivery_attempt_result_check CHECK (
        result IN ('sent', 'deferred', 'unreachable', 'refused', 'interrupted', 'uncertain', 'returned')
    );

-- migrate:down
