-- The published means keep the marks that they contain: an evaluation may be corrected afterwards.

-- migrate:up
ALTER TABLE published_evaluation ADD COLUMN need_met smallint;
ALTER TABLE published_evaluation ADD COLUMN progress smallint;
ALTER TABLE published_evaluation ADD COLUMN satisfaction smallint;
COMMENT ON COLUMN published_evaluation.need_met IS 'The mark that the published mean contains; a correction enters with those of others';

-- migrate:down
