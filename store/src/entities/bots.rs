//! Bots: what answers in somebody's name, and from which collections.

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
    /// The chat model that answers; the worker's own without one.
    pub model: Option<String>,
    pub temperature: Option<f32>,
    pub collections: Vec<String>,
    /// How passages are found.
    pub retrieval: Json,
    /// Whether a question is made to stand alone before it is searched for.
    pub rewrite: bool,
    /// The moderation policy.
    pub moderation: String,
    /// What the bot may take.
    pub limits: Json,
    /// What it looks like.
    pub look: Json,
    pub created_at: DateTimeUtc,
    /// Also its version.
    pub updated_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
