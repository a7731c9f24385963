-- Bots: what answers in somebody's name, and from which collections; and what answers cite.
-- Workers of the release before leave the new column out: their answers cite nothing.

CREATE TABLE bots (
    tenant       text        NOT NULL CHECK (tenant <> ''),
    name         text        NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
    instructions text        NOT NULL,
    -- The chat model that answers; the worker's own without one.
    model        text,
    temperature  real,
    -- No foreign key: a collection that is deleted and made again is the bot's as before.
    collections  text[]      NOT NULL,
    -- How passages are found, what the bot may take and what it looks like: objects that the gateway checks.
    retrieval    jsonb       NOT NULL CHECK (jsonb_typeof(retrieval) = 'object'),
    rewrite      boolean     NOT NULL,
    moderation   text        NOT NULL CHECK (moderation <> ''),
    limits       jsonb       NOT NULL CHECK (jsonb_typeof(limits) = 'object'),
    look         jsonb       NOT NULL CHECK (jsonb_typeof(look) = 'object'),
    created_at   timestamptz NOT NULL,
    -- Also its version: a change is made to the one that was read.
    updated_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant, name)
);

-- The passages that an answer cites; NULL where it had none to cite.
ALTER TABLE messages ADD COLUMN citations jsonb CHECK (jsonb_typeof(citations) = 'array');

-- DOWN

ALTER TABLE messages DROP COLUMN citations;
DROP TABLE bots;
