-- Why: the département's answer to a national question may be heard before what the national team told earlier; where the
-- request goes back to must not depend on which came first.

-- migrate:up
ALTER TABLE request ADD COLUMN national_status text, ADD COLUMN resumed boolean NOT NULL DEFAULT false;
UPDATE request SET
    national_status = coalesce(
        resumes_as,
        CASE WHEN team = 'national' AND status NOT IN ('escalated', 'directed_to_programme', 'awaiting_departement') THEN status END
    );
ALTER TABLE request DROP COLUMN resumes_as;
COMMENT ON COLUMN request.national_status IS 'Where the dossier stands before the national team, its questions set aside';
COMMENT ON COLUMN request.resumed IS 'The status is that one because the département has answered a national question';

-- migrate:down
