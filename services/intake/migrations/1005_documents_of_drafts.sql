-- Why: documents are joined while the form is filled in, and become the request's in the transaction that files it.

-- migrate:up
CREATE TABLE draft_document (
    id uuid PRIMARY KEY,
    draft_id uuid NOT NULL REFERENCES draft ON DELETE CASCADE,
    name text NOT NULL CHECK (name <> ''),
    media_type text NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    sha256 text NOT NULL CHECK (length(sha256) = 64),
    added_at timestamptz NOT NULL
);
CREATE INDEX draft_document_of_draft ON draft_document (draft_id, added_at);
COMMENT ON TABLE draft_document IS 'Files joined to a draft; the bytes lie in the documents folder under the id, before and after filing';

-- migrate:down
