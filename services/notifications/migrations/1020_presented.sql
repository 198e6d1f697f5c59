-- Why: one row per département, and per provider, was locked by every event that told of it: two batches beside each other
-- waited for each other in a ring. A row per request is locked by that request's events alone; the newest one counts.

-- migrate:up
CREATE TABLE presented_service (
    departement text NOT NULL,
    request_id uuid NOT NULL,
    name text NOT NULL,
    address text,
    email text,
    phone text,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (departement, request_id)
);
CREATE INDEX presented_service_newest ON presented_service (departement, told_at DESC, request_id);
COMMENT ON TABLE presented_service IS 'How a département''s service presented itself with a request; the newest row counts';

CREATE TABLE presented_provider (
    provider_id uuid NOT NULL,
    departement text NOT NULL,
    request_id uuid NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    phone text,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (provider_id, departement, request_id)
);
CREATE INDEX presented_provider_newest ON presented_provider (provider_id, departement, told_at DESC, request_id);
COMMENT ON TABLE presented_provider IS 'How a local provider was reached, as told with a request; the newest row counts';

-- What the older tables know belongs to no request that they name. They stay for copies of the release before.
INSERT INTO presented_service (departement, request_id, name, address, email, phone, told_at)
SELECT departement, '00000000-0000-0000-0000-000000000000', name, address, email, phone, told_at FROM departement_service;
INSERT INTO presented_provider (provider_id, departement, request_id, name, email, phone, told_at)
SELECT provider_id, departement, '00000000-0000-0000-0000-000000000000', name, email, phone, told_at FROM known_provider;

-- migrate:down
