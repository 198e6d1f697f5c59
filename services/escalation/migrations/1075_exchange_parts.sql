-- Why: a dossier refers to what people wrote, which comes before it in parts of bounded size (ADR 28).

-- migrate:up
CREATE TABLE exchange_part (
    exchange_id uuid NOT NULL,
    part integer NOT NULL CHECK (part >= 1),
    request_id uuid NOT NULL,
    at timestamptz NOT NULL,
    messages jsonb NOT NULL,
    history jsonb NOT NULL,
    PRIMARY KEY (exchange_id, part)
);
COMMENT ON TABLE exchange_part IS 'Parts of the exchanges of a dossier that has not come yet; taken out when it is consumed';

-- migrate:down
