-- Why more was granted than the envelope still held, or than is plausible for one project.

-- migrate:up
ALTER TABLE decision ADD COLUMN override_reason text;
COMMENT ON COLUMN decision.override_reason IS 'Why more was granted than the envelope still held, or than is plausible';

-- migrate:down
