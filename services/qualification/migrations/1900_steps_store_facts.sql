-- Why: a step stored a French sentence that pages searched for words. It stores the fact; each page makes its sentence.

-- migrate:up
ALTER TABLE case_step ADD COLUMN fact jsonb, DROP COLUMN detail;
COMMENT ON COLUMN case_step.fact IS 'The event''s data without the request or dossier; null where a dossier brought the step';

-- migrate:down
