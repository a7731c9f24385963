//! Messages of conversations, in the order of `id` (a database sequence).

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub conversation: Uuid,
    pub tenant: String,
    pub job: Uuid,
    /// `system`, `user` or `assistant`.
    pub role: String,
    pub content: String,
    pub model: Option<String>,
    pub citations: Option<Json>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
