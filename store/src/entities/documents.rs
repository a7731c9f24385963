//! Searchable documents, each with its text as Markdown. Chunks are rows of their own.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "documents")]
pub struct Model {
    /// Derived from tenant, collection and source.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant: String,
    pub collection: String,
    pub source: String,
    pub title: Option<String>,
    pub url: Option<String>,
    pub language: String,
    pub metadata: Json,
    pub published_at: Option<DateTimeUtc>,
    /// `markdown`, `html`, `text`, `pdf`, `docx`, `csv` or `tsv`.
    pub format: String,
    #[sea_orm(column_type = "Text")]
    pub content: String,
    /// BLAKE3 of the content, 32 bytes.
    pub hash: Vec<u8>,
    /// Requested chunk size and overlap, in tokens.
    pub chunk_tokens: Option<i32>,
    pub chunk_overlap: Option<i32>,
    /// The job that last wrote it, and when that was accepted.
    pub job_id: Uuid,
    pub accepted_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// The version of the analyzer that made the words of its chunks.
    pub analyzer: i32,
}

impl ActiveModelBehavior for ActiveModel {}
