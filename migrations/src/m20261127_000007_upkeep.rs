//! What a document's chunks were asked to be like, for when it is embedded again; and tombstones by age, to be forgotten.

use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261127_000007_upkeep"
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

/// Workers of the release before leave the new columns out: their documents have chunks as the settings say.
const UP: &str = "
ALTER TABLE documents
    ADD COLUMN chunk_tokens  integer CHECK (chunk_tokens > 0),
    ADD COLUMN chunk_overlap integer CHECK (chunk_overlap >= 0);
CREATE INDEX document_tombstones_deleted_at ON document_tombstones (deleted_at);
";

const DOWN: &str = "
DROP INDEX document_tombstones_deleted_at;
ALTER TABLE documents DROP COLUMN chunk_tokens, DROP COLUMN chunk_overlap;
";
