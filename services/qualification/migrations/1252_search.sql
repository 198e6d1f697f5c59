-- Why: a name or a number is found among the cases of many years without reading each of them.

-- migrate:up
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX case_file_search ON case_file USING gin (departement, search gin_trgm_ops);

-- migrate:down
