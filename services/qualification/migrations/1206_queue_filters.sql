-- Why: the queue is filtered by kind and by field, also among ten thousand cases: the filed request need not be unpacked.
-- migrate:up

ALTER TABLE case_file
    ADD COLUMN kind text GENERATED ALWAYS AS (request ->> 'kind') STORED,
    ADD COLUMN fields jsonb GENERATED ALWAYS AS (request -> 'fields') STORED;

-- migrate:down
