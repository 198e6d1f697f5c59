-- migrate:up
ALTER TABLE consultation
    ALTER COLUMN request_id DROP NOT NULL,
    ADD COLUMN email text,
    ADD COLUMN path text;
COMMENT ON TABLE consultation IS
    'Who was shown what, and when; once a minute per agent, path and request. A list or an export has its filter in the path';

-- migrate:down
