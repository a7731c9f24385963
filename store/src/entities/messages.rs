//! The messages of a conversation, in the order of `id` (counted up by the database).

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub conversation: Uuid,
    pub tenant: String,
    /// The chat job that brought it.
    pub job: Uuid,
    /// `system`, `user` or `assistant`.
    pub role: String,
    pub content: String,
    /// The model that said it, for answers.
    pub model: Option<String>,
    /// The passages that it cites; none where it had none to cite.
    pub citations: Option<Json>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
