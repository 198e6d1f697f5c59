-- The standing members of the committee, whom a new session takes over.

-- migrate:up
CREATE TABLE committee_member (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    role text NOT NULL CHECK (role IN ('chair', 'voting', 'advisory', 'rapporteur')),
    alternate text CHECK (alternate <> ''),
    valid_from date NOT NULL,
    valid_until date,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by jsonb NOT NULL,
    CHECK (valid_until >= valid_from)
);
CREATE INDEX committee_member_in_office ON committee_member (valid_from, valid_until);
COMMENT ON TABLE committee_member IS 'A standing member of the committee; sessions take over those in office on their day';
COMMENT ON COLUMN committee_member.alternate IS 'Who sits in the member''s place when the member cannot';
COMMENT ON COLUMN committee_member.valid_until IS 'The last day in office; none: until further notice';

-- migrate:down
