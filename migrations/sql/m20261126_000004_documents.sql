-- Documents: which ones render jobs have stored, and the templates that tenants have uploaded.

-- Written with its job's row and gone with it: retention has deleted the object by then.
CREATE TABLE renders (
    job_id     uuid        PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    tenant     text        NOT NULL CHECK (tenant <> ''),
    -- The claim of the document in the object store.
    key        text        NOT NULL CHECK (key <> ''),
    bytes      bigint      NOT NULL CHECK (bytes >= 0),
    blake3     text        NOT NULL CHECK (blake3 ~ '^[0-9a-f]{64}$'),
    media_type text        NOT NULL CHECK (media_type <> ''),
    pages      integer     NOT NULL CHECK (pages >= 0),
    title      text,
    template   text        NOT NULL CHECK (template <> ''),
    warnings   integer     NOT NULL CHECK (warnings >= 0),
    created_at timestamptz NOT NULL
);
CREATE INDEX renders_tenant_created_at ON renders (tenant, created_at DESC, job_id);

-- The packages are here and not in the object store: an upload is one transaction then, and leaves no orphan.
CREATE TABLE templates (
    tenant      text        NOT NULL CHECK (tenant <> ''),
    name        text        NOT NULL CHECK (name ~ '^[a-z0-9_-]{1,64}$'),
    version     integer     NOT NULL CHECK (version >= 1),
    bytes       integer     NOT NULL CHECK (bytes BETWEEN 1 AND 8388608),
    blake3      text        NOT NULL CHECK (blake3 ~ '^[0-9a-f]{64}$'),
    package     bytea       NOT NULL CHECK (octet_length(package) = bytes),
    description text,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant, name, version)
);
-- It is a gzip already: compressing it again would only cost time.
ALTER TABLE templates ALTER COLUMN package SET STORAGE EXTERNAL;

-- DOWN

DROP TABLE templates, renders;
