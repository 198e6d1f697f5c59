-- Why: the applicant says how the work with him goes, of one milestone or of all of it, and sees what is due when.

-- migrate:up
CREATE TABLE milestone (
    id uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES request,
    title text NOT NULL,
    due_on date NOT NULL,
    reached_on date
);
CREATE INDEX milestone_of_request ON milestone (request_id, due_on);
COMMENT ON TABLE milestone IS 'The steps of the work with the applicant, as the national team tells them';

-- migrate:down
