//! Ended jobs: one row each, written once.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant: String,
    pub kind: String,
    pub lane: String,
    pub attempt: i32,
    /// `done`, `failed` or `cancelled`.
    pub state: String,
    /// The output or the failure, as in the final event.
    pub data: Option<Json>,
    pub created_at: DateTimeUtc,
    pub ended_at: DateTimeUtc,
    pub trace_id: Option<String>,
    pub root: Option<Uuid>,
    pub parent: Option<Uuid>,
    pub group_id: Option<Uuid>,
    pub group_index: Option<i32>,
    /// The ids of the jobs that its end started, as a JSON array.
    pub children: Option<Json>,
    /// Claim check of an output in the object store; then `data` is empty.
    pub claim: Option<Json>,
    /// Whether it has objects in the object store, which are deleted before this row.
    pub objects: bool,
}

impl ActiveModelBehavior for ActiveModel {}
