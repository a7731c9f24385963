//! Jobs that are counted together: batches, and fan-outs with a join.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "groups")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant: String,
    /// Number of members; none while a batch is still being submitted.
    pub expected: Option<i32>,
    pub done: i32,
    pub failed: i32,
    pub cancelled: i32,
    pub callback: Option<Json>,
    pub batch: bool,
    pub created_at: DateTimeUtc,
    /// When the last member ended and all had been submitted.
    pub ended_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
