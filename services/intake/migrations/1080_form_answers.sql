-- What forms of others are still to be answered: a row is removed once the broker has the answer.

-- migrate:up
CREATE TABLE form_answer (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    filed_from text NOT NULL,
    filed_id text NOT NULL,
    at timestamptz NOT NULL,
    request_id uuid NOT NULL,
    departement text NOT NULL,
    number text,
    refusal jsonb,
    added_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((number IS NULL) <> (refusal IS NULL))
);
COMMENT ON TABLE form_answer IS
    'Answers to forms of others that are not published yet. The tracking link is made when the answer is published, and stored nowhere.';

-- migrate:down
