-- What a document's chunks were asked to be like, for when it is embedded again; and tombstones by age, to be forgotten.
-- Workers of the release before leave the new columns out: their documents have chunks as the settings say.

ALTER TABLE documents
    ADD COLUMN chunk_tokens  integer CHECK (chunk_tokens > 0),
    ADD COLUMN chunk_overlap integer CHECK (chunk_overlap >= 0);
CREATE INDEX document_tombstones_deleted_at ON document_tombstones (deleted_at);

-- DOWN

DROP INDEX document_tombstones_deleted_at;
ALTER TABLE documents DROP COLUMN chunk_tokens, DROP COLUMN chunk_overlap;
