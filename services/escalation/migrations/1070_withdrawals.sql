-- Why: a request to withdraw waits until the owner of the request's current step answers it; an applicant may ask again.

-- migrate:up
CREATE TABLE withdrawal_request (
    request_id uuid NOT NULL,
    at timestamptz NOT NULL,
    motive text,
    answer text CHECK (answer IN ('accepted', 'declined')),
    PRIMARY KEY (request_id, at)
);
COMMENT ON TABLE withdrawal_request IS 'What applicants asked to withdraw and how it was answered, here or by a département; also of requests that did not come here yet';
COMMENT ON COLUMN withdrawal_request.at IS 'The moment of the request to withdraw, by which its answer names it';
COMMENT ON COLUMN withdrawal_request.motive IS 'Empty while only the answer has arrived';

INSERT INTO withdrawal_request (request_id, at, motive, answer)
SELECT w.request_id, w.at, '', CASE WHEN e.request_id IS NOT NULL OR p.request_id IS NOT NULL THEN 'accepted' END
FROM withdrawal AS w
LEFT JOIN escalation AS e ON e.request_id = w.request_id
LEFT JOIN programme_request AS p ON p.request_id = w.request_id;
COMMENT ON TABLE withdrawal IS 'Superseded by withdrawal_request; dropped once no copy of an earlier version runs';

-- migrate:down
