-- An index of local work.

-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY IF NOT EXISTS case_file_local_remind ON case_file (local_remind_on)
WHERE local_remind_on IS NOT NULL;

-- migrate:down
