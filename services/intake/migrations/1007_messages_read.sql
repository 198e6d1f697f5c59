-- Why: who comes back to the page sees at once which messages are new to him, the contact and each colleague for himself.

-- migrate:up
ALTER TABLE request ADD COLUMN messages_read_at timestamptz;
COMMENT ON COLUMN request.messages_read_at IS 'Messages of the département up to this moment were read by the contact; null when none was';
ALTER TABLE colleague ADD COLUMN messages_read_at timestamptz;
COMMENT ON COLUMN colleague.messages_read_at IS 'The same for the colleague';

-- migrate:down
