-- What a listener applied lately is looked up in the journal of its source, every few seconds. BRIN: updates stay HOT.

-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY IF NOT EXISTS inbox_stream_changed ON inbox_stream USING brin (changed_at) WITH (pages_per_range = 16, autosummarize = on);

-- migrate:down
