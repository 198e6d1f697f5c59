-- Why: the national team is warned once before the last day of a stage or a milestone, not only when it has passed.

-- migrate:up
ALTER TABLE escalation ADD COLUMN soon_told boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN escalation.soon_told IS 'That the running stage ends soon was told';
ALTER TABLE milestone ADD COLUMN soon_told boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN milestone.soon_told IS 'That its date is near was told';

-- migrate:down
