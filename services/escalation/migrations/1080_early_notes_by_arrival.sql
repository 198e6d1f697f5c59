-- What waits for its dossier is forgotten so long after it arrived: a listener that catches up hears old events late.

-- migrate:up
ALTER TABLE early_note ADD COLUMN arrived_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX early_note_by_arrival ON early_note (arrived_at);
COMMENT ON INDEX early_note_by_age IS 'Read by the version before 1080 only; to be dropped with the next one.';

-- migrate:down
