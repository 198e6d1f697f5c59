-- An index of local work.

-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY IF NOT EXISTS case_file_in_local_turn ON case_file (
    departement, coalesce(local_turn, turn), urgency DESC NULLS LAST, coalesce(local_due_on, due_on), opened_at, request_id
)
WHERE coalesce(local_turn, turn) < 3;

-- migrate:down
