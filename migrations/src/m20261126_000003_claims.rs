//! Claims: where a large result is, and whether a job has objects that go before its row does.

use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261126_000003_claims"
    }
}

#[async_trait::async_trait]
#[allow(elided_lifetimes_in_paths, reason = "as the trait declares it")]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(UP).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(DOWN).await.map(drop)
    }
}

/// Only additions, which rewrite no row. Workers of the release before leave both out, and have no objects.
const UP: &str = "
ALTER TABLE jobs
    ADD COLUMN claim   jsonb,
    ADD COLUMN objects boolean NOT NULL DEFAULT false;
";

const DOWN: &str = "
ALTER TABLE jobs DROP COLUMN claim, DROP COLUMN objects;
";
