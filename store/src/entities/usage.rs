//! Token usage per job.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "usage")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub job: Uuid,
    pub tenant: String,
    pub kind: String,
    pub model: String,
    pub prompt_tokens: i32,
    pub completion_tokens: i32,
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
