-- Words are cut and stemmed by the store, no longer by Postgres.

-- A document without a language has it detected from its text.
ALTER TABLE collections ALTER COLUMN language SET DEFAULT 'auto';
UPDATE collections SET language = 'auto' WHERE language = 'simple';

-- The version of the analyzer that made the words of its chunks.
ALTER TABLE documents ADD COLUMN analyzer integer NOT NULL DEFAULT 0;

-- The languages of a collection are read for each search.
CREATE INDEX documents_language ON documents (tenant, collection, language);

-- DOWN

DROP INDEX documents_language;
ALTER TABLE documents DROP COLUMN analyzer;
UPDATE collections SET language = 'simple' WHERE language = 'auto';
ALTER TABLE collections ALTER COLUMN language SET DEFAULT 'simple';
