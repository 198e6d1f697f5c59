-- Why: a request to withdraw waits until the owner of the request's current step answers it, and an accepted one gives money back.

-- migrate:up
CREATE TABLE withdrawal_request (
    request_id uuid NOT NULL,
    at timestamptz NOT NULL,
    motive text,
    answer text CHECK (answer IN ('accepted', 'declined')),
    PRIMARY KEY (request_id, at)
);
COMMENT ON TABLE withdrawal_request IS 'What applicants asked to withdraw and how it was answered, here or by another service; also of requests that no case was opened of yet';
COMMENT ON COLUMN withdrawal_request.at IS 'The moment of the request to withdraw, by which its answer names it';
COMMENT ON COLUMN withdrawal_request.motive IS 'Empty while only the answer has arrived';

ALTER TABLE envelope_commitment ADD COLUMN released_at timestamptz;
COMMENT ON COLUMN envelope_commitment.released_at IS 'When the money was given back to the envelope, because the request was withdrawn';

-- migrate:down
