-- Why: while an agent is away, a colleague reads his copies, so that nobody waits for somebody who is not there.

-- migrate:up
CREATE TABLE absence (
    agent_id uuid PRIMARY KEY REFERENCES agent,
    from_on date NOT NULL,
    until_on date NOT NULL,
    stand_in uuid REFERENCES agent,
    changed_at timestamptz NOT NULL,
    CONSTRAINT absence_ends_after_it_began CHECK (until_on >= from_on),
    CONSTRAINT absence_is_stood_in_for_by_another CHECK (stand_in <> agent_id)
);
COMMENT ON TABLE absence IS 'The current or next absence of an agent, by the calendar of his département';

-- migrate:down
