-- The time that events tell never goes back along a request, whatever the clocks of the machines do.

-- migrate:up
ALTER TABLE stream ADD COLUMN latest timestamptz;
COMMENT ON COLUMN stream.latest IS 'The latest moment that an event of this stream tells; nothing after it is told as earlier.';
ALTER TABLE inbox_stream ADD COLUMN latest timestamptz;
COMMENT ON COLUMN inbox_stream.latest IS 'The latest moment that an applied event of this stream told.';

-- migrate:down
