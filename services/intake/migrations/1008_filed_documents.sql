-- Why: the acknowledgement names the documents that were filed with the request, not those that came later.

-- migrate:up
ALTER TABLE document ADD COLUMN with_request boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN document.with_request IS 'Filed with the request itself';

-- migrate:down
