//! Bots: their instructions, model and collections.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "bots")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub instructions: String,
    /// The chat model; without one, the worker's default.
    pub model: Option<String>,
    pub temperature: Option<f32>,
    pub collections: Vec<String>,
    pub retrieval: Json,
    /// Whether follow-up questions are rewritten to be self-contained before the search.
    pub rewrite: bool,
    pub moderation: String,
    pub limits: Json,
    pub look: Json,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
