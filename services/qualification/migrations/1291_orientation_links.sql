-- A provider's link that was sent to a wrong address is taken back, and every link ends.

-- migrate:up
ALTER TABLE orientation
    ADD COLUMN link_generation integer NOT NULL DEFAULT 1,
    ADD COLUMN link_sent_at timestamptz,
    ADD COLUMN link_withdrawn boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN orientation.link_generation IS 'Which link is valid: earlier ones open nothing';
COMMENT ON COLUMN orientation.link_sent_at IS 'When a link was last sent in place of another, or taken back';
COMMENT ON COLUMN orientation.link_withdrawn IS 'The link was taken back and none was sent in its place';

-- migrate:down
