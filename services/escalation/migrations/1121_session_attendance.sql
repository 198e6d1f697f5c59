-- Who sits in a session for whom, and who noted it.

-- migrate:up
ALTER TABLE committee_session
    ADD COLUMN alternates jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN represented text[] NOT NULL DEFAULT '{}',
    ADD COLUMN excused text[] NOT NULL DEFAULT '{}',
    ADD COLUMN attended_at timestamptz,
    ADD COLUMN attended_by jsonb;
COMMENT ON COLUMN committee_session.alternates IS 'Member → who may sit in the member''s place';
COMMENT ON COLUMN committee_session.represented IS 'Members in whose place their alternates sit; they are not in `present`';

-- migrate:down
