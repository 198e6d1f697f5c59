-- What is remembered of a proposal that was rejected or taken back, and of who changed a case last.

-- migrate:up

ALTER TABLE case_file ADD COLUMN returned jsonb;
ALTER TABLE case_file ADD COLUMN state_by jsonb;
ALTER TABLE case_file ADD COLUMN assigned_at timestamptz;
ALTER TABLE case_file ADD COLUMN assigned_by text;
COMMENT ON COLUMN case_file.returned IS
    'The last proposal that was rejected or taken back, with who did it, when and why; NULL once another is validated.';
COMMENT ON COLUMN case_file.state_by IS 'Who brought the case to its state; NULL: before this was noted, or nobody of the service.';
COMMENT ON COLUMN case_file.assigned_at IS 'When the case was given to its assignee, by assigned_by (a name).';

-- migrate:down
