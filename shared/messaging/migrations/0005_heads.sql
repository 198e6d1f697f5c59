-- Why: heads are told in one message for each département; five hundred of them should be a few messages, not a hundred.

-- migrate:up
CREATE INDEX stream_by_departement ON stream (departement, source, subject);

-- migrate:down
