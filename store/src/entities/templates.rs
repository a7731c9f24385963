//! All versions of the tenants' templates. A version is written once and never changed.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "templates")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    pub bytes: i32,
    /// The package's BLAKE3 hash, in lower-case hexadecimal.
    pub blake3: String,
    /// A Typst package: a gzipped tar, at most 8 MiB.
    pub package: Vec<u8>,
    pub description: Option<String>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
