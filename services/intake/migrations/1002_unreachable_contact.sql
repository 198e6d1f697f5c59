-- Why: an applicant whose mail bounces learns it on his tracking page, the one place where he still looks.

-- migrate:up
ALTER TABLE request ADD COLUMN mail_failed_at timestamptz;
COMMENT ON COLUMN request.mail_failed_at IS 'When the latest mail to the applicant could not be delivered; null when it could';

-- migrate:down
