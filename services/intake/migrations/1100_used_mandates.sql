-- An agent's mandate to file for a collectivité is used once.

-- migrate:up
CREATE TABLE used_mandate (
    id uuid PRIMARY KEY,
    key_digest bytea,
    used_at timestamptz NOT NULL
);
COMMENT ON TABLE used_mandate IS
    'Mandates that were used, until they are over; key_digest is of the idempotency key under which a request was filed';

-- migrate:down
