-- What operators flagged for another attempt, looked for every second.

-- migrate:up transaction:false

CREATE INDEX CONCURRENTLY IF NOT EXISTS quarantine_replayed ON quarantine (settled_at, received_at, id)
    WHERE settlement = 'replayed' AND NOT taken;

-- migrate:down
