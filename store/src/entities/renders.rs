//! Documents in the object store: a row each, written with its job's and gone with it.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "renders")]
pub struct Model {
    /// The job that made it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub job_id: Uuid,
    pub tenant: String,
    /// Where it is: its claim's key, length in bytes and BLAKE3 hash.
    pub key: String,
    pub bytes: i64,
    pub blake3: String,
    /// `application/pdf` or `image/png`.
    pub media_type: String,
    pub pages: i32,
    pub title: Option<String>,
    /// The template's name.
    pub template: String,
    /// How many warnings there were.
    pub warnings: i32,
    /// When its job ended.
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
