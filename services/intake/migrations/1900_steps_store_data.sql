-- Why: a step stored French sentences that pages took apart again. It stores data; each page makes its sentences.

-- migrate:up
ALTER TABLE step ADD COLUMN details jsonb NOT NULL DEFAULT '{}', DROP COLUMN label, DROP COLUMN detail;

-- migrate:down
