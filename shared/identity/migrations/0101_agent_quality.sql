-- In which quality an agent signs decisions, as an administrator entered it.

-- migrate:up
ALTER TABLE agent ADD COLUMN quality text;
COMMENT ON COLUMN agent.quality IS 'In which quality the agent signs decisions, in French; null where nobody entered one';

-- migrate:down
