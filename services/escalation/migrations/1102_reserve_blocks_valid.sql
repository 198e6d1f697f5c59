-- The constraint on what a reserve holds back, for all rows.

-- migrate:up
ALTER TABLE decision VALIDATE CONSTRAINT decision_reserve_blocks;

-- migrate:down
