-- Why: whoever has not answered is reminded, found every minute; without an index that reads every request ever asked about.

-- migrate:up
CREATE INDEX request_awaits_evaluation ON request (id) WHERE evaluation_open;

-- migrate:down
