-- Flows, batches and retention: where a job comes from, what it started, and what is counted together.
-- Only additions, so that workers of the release before go on while it runs.

ALTER TABLE jobs
    ADD COLUMN root         uuid,
    ADD COLUMN parent       uuid,
    ADD COLUMN group_id     uuid,
    ADD COLUMN group_index  integer CHECK (group_index >= 0),
    ADD COLUMN children     jsonb;
CREATE INDEX jobs_group ON jobs (group_id, group_index) WHERE group_id IS NOT NULL;
CREATE INDEX jobs_parent ON jobs (parent) WHERE parent IS NOT NULL;
CREATE INDEX jobs_ended_at ON jobs (ended_at);
CREATE INDEX job_fences_at ON job_fences (at);

-- What a key may do: 'member' acts for its tenant, 'admin' also sees and steers queues, workers and other tenants.
ALTER TABLE api_keys ADD COLUMN role text NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'admin'));

-- Jobs that are counted together: a batch, or a fan with a join. One row each, made by whoever comes first.
CREATE TABLE groups (
    id         uuid        PRIMARY KEY,
    tenant     text        NOT NULL CHECK (tenant <> ''),
    -- How many there are; NULL while a batch is still being submitted.
    expected   integer     CHECK (expected >= 0),
    done       integer     NOT NULL DEFAULT 0 CHECK (done >= 0),
    failed     integer     NOT NULL DEFAULT 0 CHECK (failed >= 0),
    cancelled  integer     NOT NULL DEFAULT 0 CHECK (cancelled >= 0),
    -- The job to start when all have ended, as a JSON template; a fan's is in its members' envelopes.
    callback   jsonb,
    batch      boolean     NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    ended_at   timestamptz
);
-- The jobs of a batch that was not closed yet, so that one that is sent twice counts once.
CREATE TABLE batch_jobs (
    batch uuid NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    job   uuid NOT NULL,
    PRIMARY KEY (batch, job)
);
CREATE INDEX groups_tenant_created_at ON groups (tenant, created_at DESC) WHERE batch;
CREATE INDEX groups_ended_at ON groups (ended_at);

-- DOWN

DROP TABLE batch_jobs;
DROP TABLE groups;
ALTER TABLE api_keys DROP COLUMN role;
DROP INDEX jobs_ended_at, job_fences_at;
ALTER TABLE jobs DROP COLUMN root, DROP COLUMN parent, DROP COLUMN group_id, DROP COLUMN group_index, DROP COLUMN children;
