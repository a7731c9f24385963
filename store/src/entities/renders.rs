//! Rendered documents in the object store: one row each, written and deleted with the row of its job.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "renders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_id: Uuid,
    pub tenant: String,
    /// The claim check: object key, length in bytes and BLAKE3 hash.
    pub key: String,
    pub bytes: i64,
    pub blake3: String,
    /// `application/pdf` or `image/png`.
    pub media_type: String,
    pub pages: i32,
    pub title: Option<String>,
    pub template: String,
    pub warnings: i32,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
