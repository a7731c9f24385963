-- The first tables: who may ask, what was asked, and what chats keep.

-- In public, once for all schemas. Needs a superuser, unless an administrator has done it before.
CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;

CREATE TABLE tenants (
    id         text        PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    created_at timestamptz NOT NULL
);

CREATE TABLE api_keys (
    id         text        PRIMARY KEY,
    tenant     text        NOT NULL REFERENCES tenants (id),
    name       text        NOT NULL,
    hash       bytea       NOT NULL CHECK (octet_length(hash) = 32),
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX api_keys_tenant ON api_keys (tenant);

-- No reference to tenants from here on: what a job has cost and given is kept, whoever registered its owner.
CREATE TABLE jobs (
    id         uuid        PRIMARY KEY,
    tenant     text        NOT NULL CHECK (tenant <> ''),
    kind       text        NOT NULL CHECK (kind <> ''),
    lane       text        NOT NULL CHECK (lane IN ('interactive', 'normal', 'bulk')),
    attempt    integer     NOT NULL CHECK (attempt >= 1),
    state      text        NOT NULL CHECK (state IN ('done', 'failed', 'cancelled')),
    data       jsonb,
    created_at timestamptz NOT NULL,
    ended_at   timestamptz NOT NULL,
    trace_id   text
);
CREATE INDEX jobs_tenant_created_at ON jobs (tenant, created_at DESC);

CREATE TABLE job_fences (
    job     uuid        NOT NULL,
    tenant  text        NOT NULL CHECK (tenant <> ''),
    attempt integer     NOT NULL CHECK (attempt >= 1),
    at      timestamptz NOT NULL,
    PRIMARY KEY (job, tenant)
);

CREATE TABLE conversations (
    id         uuid        PRIMARY KEY,
    tenant     text        NOT NULL CHECK (tenant <> ''),
    title      text        NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX conversations_tenant_updated_at ON conversations (tenant, updated_at DESC);

CREATE TABLE messages (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conversation uuid        NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    tenant       text        NOT NULL CHECK (tenant <> ''),
    job          uuid        NOT NULL,
    role         text        NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
    content      text        NOT NULL,
    model        text,
    created_at   timestamptz NOT NULL
);
CREATE INDEX messages_conversation ON messages (conversation, id);

CREATE TABLE usage (
    job               uuid        PRIMARY KEY,
    tenant            text        NOT NULL CHECK (tenant <> ''),
    kind              text        NOT NULL CHECK (kind <> ''),
    model             text        NOT NULL,
    prompt_tokens     integer     NOT NULL CHECK (prompt_tokens >= 0),
    completion_tokens integer     NOT NULL CHECK (completion_tokens >= 0),
    at                timestamptz NOT NULL
);
CREATE INDEX usage_tenant_at ON usage (tenant, at DESC);

-- DOWN
-- The extension stays: other schemas may use it.

DROP TABLE usage, messages, conversations, job_fences, jobs, api_keys, tenants;
