-- Why: an agent files for a collectivité that phones or writes; who he is must reach the request through the draft.

-- migrate:up
ALTER TABLE draft ADD COLUMN filed_by jsonb;
COMMENT ON COLUMN draft.filed_by IS 'The agent who files for the collectivité; null when it files by itself';

-- migrate:down
