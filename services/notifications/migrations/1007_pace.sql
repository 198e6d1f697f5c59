-- Why: large mail providers turn away who writes too fast; mails to one domain leave at a pace, whoever sends them.

-- migrate:up
ALTER TABLE delivery
    ADD COLUMN domain text NOT NULL GENERATED ALWAYS AS (lower(substring(recipient FROM '[^@]*$'))) STORED;

CREATE TABLE domain_pace (
    domain text PRIMARY KEY,
    free_at timestamptz NOT NULL
);
COMMENT ON TABLE domain_pace IS 'From when the next mail may leave for a domain; all senders of all copies share it';

-- migrate:down
