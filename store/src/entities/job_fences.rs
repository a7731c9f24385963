//! The latest attempt of each job that was delivered more than once; earlier attempts may not commit.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "job_fences")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub job: Uuid,
    /// Part of the key, so that nobody can fence another tenant's job.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    pub attempt: i32,
    pub at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
