-- Why: each dossier that is opened is compared with the latest decisions, and dates that passed are counted all the time.

-- migrate:up
ALTER TABLE escalation ADD COLUMN population integer
    GENERATED ALWAYS AS ((dossier #>> '{request,applicant,population}')::integer) STORED;
COMMENT ON COLUMN escalation.population IS 'Of the applicant: read from the dossier once, not for each comparison';
CREATE INDEX decision_by_recency ON decision (recorded_at DESC) WHERE outcome <> 'deferred' AND replaced_by IS NULL;
CREATE INDEX escalation_overdue ON escalation (departement) WHERE overdue_told AND stage IS NOT NULL;
CREATE INDEX milestone_overdue ON milestone (request_id) WHERE overdue_told AND reached_on IS NULL;

-- migrate:down
