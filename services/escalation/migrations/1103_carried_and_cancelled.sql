-- What stays open beyond the end of an accompaniment, and why; orders and milestones that are cancelled.

-- migrate:up
ALTER TABLE escalation ADD COLUMN carry_reason text, ADD COLUMN carried jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN escalation.carry_reason IS 'Why the work ended while something was open';
COMMENT ON COLUMN escalation.carried IS 'What was open when the work ended: kind, id, label';
ALTER TABLE mobilisation ADD COLUMN cancelled_for text;
COMMENT ON COLUMN mobilisation.cancelled_for IS 'Why we took it back; it counts as declined';
ALTER TABLE milestone ADD COLUMN cancelled_for text;
COMMENT ON COLUMN milestone.cancelled_for IS 'Why it is not to be reached any more';

-- migrate:down
