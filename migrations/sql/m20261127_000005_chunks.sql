-- Documents to search in: collections of them, their chunks, and the models that embedded those.

-- One file is one version: vectors of two are never compared. The number is in the predicates of partial indexes.
CREATE TABLE embedding_models (
    id         integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text        NOT NULL CHECK (name <> ''),
    version    text        NOT NULL CHECK (version <> ''),
    dimensions integer     NOT NULL CHECK (dimensions BETWEEN 1 AND 16000),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (name, version)
);

CREATE TABLE collections (
    tenant      text        NOT NULL CHECK (tenant <> ''),
    name        text        NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
    description text,
    -- Of documents that don't say: a text search configuration.
    language    text        NOT NULL DEFAULT 'simple' CHECK (language <> ''),
    -- The model that is searched with; none before the first document.
    model_id    integer     REFERENCES embedding_models (id),
    -- The one that its documents are being embedded with anew; both live until the switch.
    next_model_id integer   REFERENCES embedding_models (id),
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, name)
);

CREATE TABLE documents (
    id           uuid        PRIMARY KEY,
    tenant       text        NOT NULL,
    collection   text        NOT NULL,
    -- What it is called where it comes from: the same one again replaces it.
    source       text        NOT NULL CHECK (source <> ''),
    title        text,
    url          text,
    language     text        NOT NULL CHECK (language <> ''),
    metadata     jsonb       NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    published_at timestamptz,
    format       text        NOT NULL CHECK (format <> ''),
    -- Its text as Markdown, to be cut and embedded again by another model.
    content      text        NOT NULL,
    hash         bytea       NOT NULL CHECK (octet_length(hash) = 32),
    -- The job that wrote it and when that was accepted: an earlier one never overwrites it.
    job_id       uuid        NOT NULL,
    accepted_at  timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    UNIQUE (tenant, collection, source),
    FOREIGN KEY (tenant, collection) REFERENCES collections (tenant, name) ON DELETE CASCADE
);
CREATE INDEX documents_metadata ON documents USING gin (metadata jsonb_path_ops);

-- What was deleted, so that a job accepted before does not bring it back.
CREATE TABLE document_tombstones (
    document_id uuid        PRIMARY KEY,
    deleted_at  timestamptz NOT NULL
);

-- The index over the vectors of a model is made once there are enough of them.
CREATE TABLE chunks (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_id uuid        NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    model_id    integer     NOT NULL REFERENCES embedding_models (id),
    position    integer     NOT NULL CHECK (position >= 0),
    tenant      text        NOT NULL,
    collection  text        NOT NULL,
    -- The headings above it, the outermost first.
    path        text[]      NOT NULL,
    text        text        NOT NULL,
    tokens      integer     NOT NULL CHECK (tokens >= 0),
    -- Of what was embedded: an unchanged chunk is not embedded again.
    hash        bytea       NOT NULL CHECK (octet_length(hash) = 32),
    search      tsvector    NOT NULL,
    embedding   public.vector NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (document_id, model_id, position) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX chunks_search ON chunks USING gin (search);
CREATE INDEX chunks_collection ON chunks (tenant, collection, model_id);

-- DOWN

DROP TABLE chunks, document_tombstones, documents, collections, embedding_models;
