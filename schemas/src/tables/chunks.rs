//! Chunks of documents, without their vectors and their search vectors, which are read and written as SQL.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "chunks")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub document_id: Uuid,
    pub model_id: i32,
    /// From 0, within its document and model.
    pub position: i32,
    pub tenant: String,
    pub collection: String,
    /// The headings above it, the outermost first.
    pub path: Vec<String>,
    #[sea_orm(column_type = "Text")]
    pub text: String,
    pub tokens: i32,
    /// BLAKE3 of what was embedded, 32 bytes.
    pub hash: Vec<u8>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
