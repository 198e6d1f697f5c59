-- Why: beside a dossier stand the others of its intercommunalité, found without reading all of them.

-- migrate:up
ALTER TABLE escalation ADD COLUMN territory text GENERATED ALWAYS AS (
    coalesce(
        nullif(dossier #>> '{request,applicant,epci}', ''), nullif(dossier #>> '{request,applicant,code}', '')
    )
) STORED;
COMMENT ON COLUMN escalation.territory IS 'The applicant''s intercommunalité, or itself where it has none';
CREATE INDEX escalation_of_territory ON escalation (territory, received_at DESC);

-- migrate:down
