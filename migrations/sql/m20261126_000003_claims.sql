-- Claims: where a large result is, and whether a job has objects that go before its row does.
-- Only additions, which rewrite no row. Workers of the release before leave both out, and have no objects.

ALTER TABLE jobs
    ADD COLUMN claim   jsonb,
    ADD COLUMN objects boolean NOT NULL DEFAULT false;

-- DOWN

ALTER TABLE jobs DROP COLUMN claim, DROP COLUMN objects;
