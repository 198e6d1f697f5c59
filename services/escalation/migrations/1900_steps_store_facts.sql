-- Why: a step stored sentences of the day it was written. It stores the fact; each page makes its sentences.

-- migrate:up
ALTER TABLE step ADD COLUMN fact jsonb NOT NULL DEFAULT '{}', DROP COLUMN author, DROP COLUMN detail;

-- migrate:down
