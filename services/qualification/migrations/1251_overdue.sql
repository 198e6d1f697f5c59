-- Why: cases whose date has passed are counted for the operators; without an index that reads every case there ever was.

-- migrate:up
CREATE INDEX case_file_overdue ON case_file (departement) WHERE overdue_at IS NOT NULL AND stage IS NOT NULL;

-- migrate:down
