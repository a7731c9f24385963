//! The jobs sent into a batch; a job that is sent twice counts once.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "batch_jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub batch: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub job: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}
