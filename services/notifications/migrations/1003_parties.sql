-- Why: the parties of a pact are sent their link by mail.
-- migrate:up

ALTER TABLE delivery
    DROP CONSTRAINT delivery_audience_check,
    ADD CONSTRAINT delivery_audience_check CHECK (
        audience IN ('applicant', 'departement', 'delegate', 'provider', 'party', 'national', 'programme', 'operator')
    );

-- migrate:down
