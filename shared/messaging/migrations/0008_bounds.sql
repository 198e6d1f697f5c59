-- One row of quarantine for a message that comes again and again, and what it stands in the way of.

-- migrate:up
ALTER TABLE quarantine ADD COLUMN digest bytea;
ALTER TABLE quarantine ADD COLUMN times integer NOT NULL DEFAULT 1 CHECK (times >= 1);
ALTER TABLE quarantine ADD COLUMN last_at timestamptz;
ALTER TABLE quarantine ADD COLUMN source text;
ALTER TABLE quarantine ADD COLUMN subject text;
ALTER TABLE quarantine ADD COLUMN sequence bigint;
COMMENT ON COLUMN quarantine.digest IS 'sha256(body); NULL: put aside before this column, or by an operator''s skip.';
COMMENT ON COLUMN quarantine.times IS 'How often these bytes came, the last time at last_at.';
COMMENT ON COLUMN quarantine.sequence IS 'The place in the stream (source, subject) that the message claims, where that much could be read.';
CREATE UNIQUE INDEX quarantine_digest ON quarantine (digest) WHERE settlement IS DISTINCT FROM 'replayed';
CREATE INDEX quarantine_stream ON quarantine (subject, source) WHERE settled_at IS NULL AND sequence IS NOT NULL;

CREATE INDEX inbox_waiting_source ON inbox_waiting (source, received_at);
CREATE INDEX inbox_expected_source ON inbox_expected (source);

-- migrate:down
