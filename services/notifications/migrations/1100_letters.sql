-- Letters that mails carry, and what they say of a request.

-- migrate:up
ALTER TABLE known_request ADD COLUMN filed_at timestamptz;
ALTER TABLE known_request ADD COLUMN contact_role text;
COMMENT ON COLUMN known_request.filed_at IS 'When it was filed; null for requests of before November 2026';
COMMENT ON COLUMN known_request.contact_role IS 'The function of the contact; null for requests of before November 2026';
ALTER TABLE delivery ADD COLUMN letter jsonb;
COMMENT ON COLUMN delivery.letter IS 'The letter that is made into a PDF and attached when the mail is sent; null without any';

-- migrate:down
