-- Why: people keep the addresses of their own teams, and see whom providers' mails go to; the committee is told of its agenda.

-- migrate:up
CREATE TABLE contact (
    holder text PRIMARY KEY CHECK (holder LIKE 'mailbox:%'),
    name text NOT NULL,
    address text,
    email text NOT NULL,
    phone text,
    changed_by uuid NOT NULL REFERENCES agent,
    changed_at timestamptz NOT NULL
);
COMMENT ON TABLE contact IS 'How a team is reached, as its agents entered it: before what is configured or was told';

CREATE TABLE known_provider (
    provider_id uuid NOT NULL,
    departement text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    phone text,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (provider_id, departement)
);
COMMENT ON TABLE known_provider IS 'How a local provider was reached last, as the département''s catalogue said';

ALTER TABLE delivery
    DROP CONSTRAINT delivery_audience_check,
    ADD CONSTRAINT delivery_audience_check CHECK (
        audience IN (
            'applicant', 'departement', 'delegate', 'provider', 'party', 'national', 'committee', 'programme',
            'operator'
        )
    );

-- migrate:down
