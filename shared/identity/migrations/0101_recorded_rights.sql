-- migrate:up
-- Every service has this table with its messages; the operators' page, which has none, keeps the rights of its agents here.
CREATE TABLE IF NOT EXISTS operation (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    by text NOT NULL,
    action text NOT NULL,
    target text NOT NULL,
    why text NOT NULL
);

-- migrate:down
