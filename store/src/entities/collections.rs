//! Collections of documents, by name within a tenant.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "collections")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub description: Option<String>,
    /// Of documents that don't say: a text search configuration.
    pub language: String,
    /// The model that is searched with; none before the first document.
    pub model_id: Option<i32>,
    /// The one that its documents are being embedded with anew.
    pub next_model_id: Option<i32>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
