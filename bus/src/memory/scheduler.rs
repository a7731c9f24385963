//! Stand-in until schedules are built.
use super::Memory;
use crate::*;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobRef, Kind, TenantId};

#[async_trait]
impl Scheduler for Memory {
    async fn publish_at(&self, _: Message, _: DateTime<Utc>) -> Result<Receipt, PublishError> {
        Err(PublishError::Unavailable("not yet".to_owned()))
    }
    async fn unpublish(&self, _: &Kind, _: &JobRef) -> Result<bool, Unavailable> {
        no()
    }
    async fn schedule(&self, _: &Schedule) -> Result<(), ScheduleError> {
        Err(ScheduleError::Invalid("not yet".to_owned()))
    }
    async fn schedules(&self, _: &TenantId) -> Result<Vec<Schedule>, Unavailable> {
        no()
    }
    async fn unschedule(&self, _: &TenantId, _: &str) -> Result<bool, Unavailable> {
        no()
    }
}
fn no<T>() -> Result<T, Unavailable> {
    Err(Unavailable("not yet".to_owned()))
}
