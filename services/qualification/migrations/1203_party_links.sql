-- Why: a party acts by its link without an account; a link that was sent to a wrong address must stop working.
-- migrate:up

ALTER TABLE pact_party
    ADD COLUMN link_generation integer NOT NULL DEFAULT 1 CHECK (link_generation BETWEEN 1 AND 65535),
    ADD COLUMN invited_at timestamptz;
COMMENT ON COLUMN pact_party.link_generation IS 'Which link is valid: a new address makes the earlier ones open nothing';
COMMENT ON COLUMN pact_party.invited_at IS 'When the link was last sent; none was before';

-- migrate:down
