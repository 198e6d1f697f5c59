-- What the letter of an answer is made from.

-- migrate:up
ALTER TABLE step ADD COLUMN answer jsonb;
COMMENT ON COLUMN step.answer IS 'By what a département answered: its letter is made from it; null for other entries';

-- migrate:down
