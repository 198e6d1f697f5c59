-- An index of local work.

-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY IF NOT EXISTS case_file_local_late ON case_file (local_late_after)
WHERE local_late_after IS NOT NULL;

-- migrate:down
