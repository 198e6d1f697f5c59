-- Why: what a provider answers by mail stands among the messages of the case.
-- migrate:up

ALTER TABLE case_message
    DROP CONSTRAINT case_message_team_check,
    ADD CONSTRAINT case_message_team_check CHECK (team IN ('applicant', 'departement', 'provider'));

-- migrate:down
