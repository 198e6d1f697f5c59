-- Why: lists, searches, each dossier's likes and what is overdue must not take longer each year.

-- migrate:up
ALTER TABLE escalation ADD COLUMN population integer
    GENERATED ALWAYS AS ((dossier #>> '{request,applicant,population}')::integer) STORED;
COMMENT ON COLUMN escalation.population IS 'Of the applicant: read from the dossier once, not for each comparison';
CREATE INDEX decision_by_recency ON decision (recorded_at DESC) WHERE outcome <> 'deferred' AND replaced_by IS NULL;
CREATE INDEX escalation_overdue ON escalation (departement) WHERE overdue_told AND stage IS NOT NULL;
CREATE INDEX milestone_overdue ON milestone (request_id) WHERE overdue_told AND reached_on IS NULL;
CREATE INDEX escalation_in_turn ON escalation (
    (state IN ('returned', 'refused', 'completed', 'withdrawn')), (state = 'awaiting_departement'), due_on,
    received_at, request_id
);
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX escalation_search ON escalation USING gin (search gin_trgm_ops);

-- migrate:down
