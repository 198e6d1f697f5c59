-- Members with their roles; decisions with votes, a date for the reserve, who signs, ways of appeal, and corrections.

-- migrate:up
ALTER TABLE committee_session ADD COLUMN roles jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN committee_session.roles IS 'Member → role, where it is not that of a member who votes';

ALTER TABLE decision
    ADD COLUMN reserve_until date,
    ADD COLUMN votes jsonb,
    ADD COLUMN signatory text,
    ADD COLUMN appeal text,
    ADD COLUMN corrects text UNIQUE REFERENCES decision (number),
    ADD COLUMN replaced_by text,
    ADD COLUMN reserve_lifted_on date,
    ADD COLUMN reserve_lifted_by jsonb,
    ADD COLUMN reserve_lifted_motive text,
    ADD CHECK (reserve_until IS NULL OR reserve IS NOT NULL),
    ADD CHECK (reserve_lifted_on IS NULL OR reserve IS NOT NULL),
    ADD CHECK ((reserve_lifted_on IS NULL) = (reserve_lifted_by IS NULL)),
    DROP CONSTRAINT decision_once_a_session;
COMMENT ON COLUMN decision.corrects IS 'The number of the decision that this one replaces; a decision is never changed itself';
CREATE UNIQUE INDEX decision_once_a_session ON decision (session_id, request_id) WHERE corrects IS NULL;
CREATE INDEX decision_with_standing_reserve ON decision (reserve_until)
    WHERE reserve IS NOT NULL AND reserve_lifted_on IS NULL AND replaced_by IS NULL;

-- migrate:down
