-- What this database knows of the folder of documents, so that a database that was restored from a backup notices it.

-- migrate:up
CREATE TABLE document_folder (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    mark bigint NOT NULL DEFAULT 0 CHECK (mark >= 0),
    folder_mark bigint,
    ahead_since timestamptz,
    CHECK ((folder_mark IS NULL) = (ahead_since IS NULL))
);
COMMENT ON TABLE document_folder IS
    'A mark that grows, kept here and in the folder. One that is higher in the folder: this database went back in time.';
INSERT INTO document_folder DEFAULT VALUES;

CREATE TABLE unclaimed_file (
    id uuid PRIMARY KEY,
    size bigint NOT NULL,
    modified_at timestamptz NOT NULL
);
COMMENT ON TABLE unclaimed_file IS
    'The files that no row claims, while the folder knows more than this database: what an operator decides about.';

-- migrate:down
