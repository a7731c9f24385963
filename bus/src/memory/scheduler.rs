//! Jobs for later, and recurring jobs.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobRef, Kind, TenantId};

use super::{queue::Queue, state::Memory};
use crate::{
    port::{Message, PublishError, Receipt, Schedule, ScheduleError, Scheduler, Unavailable},
    recur,
};

impl Memory {
    fn queue(&self, kind: &Kind) -> Result<&Queue, PublishError> {
        let queue = self.shared.queues.get(kind);
        queue.map(AsRef::as_ref).ok_or_else(|| PublishError::UnknownKind { kind: kind.clone() })
    }

    fn forget(&self, tenant: &TenantId, name: &str) -> bool {
        let key = (tenant.clone(), name.to_owned());
        self.shared.queues.values().filter(|queue| queue.later(|later| later.again.remove(&key)).is_some()).count() > 0
    }
}

#[async_trait]
impl Scheduler for Memory {
    async fn publish_at(&self, message: Message, at: DateTime<Utc>) -> Result<Receipt, PublishError> {
        Self::check_size(&message)?;
        self.queue(&message.kind)?.publish_at(message, Some(at))
    }

    async fn unpublish(&self, kind: &Kind, job: &JobRef) -> Result<bool, Unavailable> {
        let queue = self.queue(kind).map_err(|error| Unavailable(error.to_string()))?;
        Ok(queue.later(|later| later.take(job)))
    }

    async fn schedule(&self, schedule: &Schedule) -> Result<(), ScheduleError> {
        recur::check(schedule)?;
        let queue = self.queue(&schedule.kind)?;
        self.forget(&schedule.tenant, &schedule.name);
        queue.later(|later| later.keep(schedule));
        Ok(())
    }

    async fn schedules(&self, tenant: &TenantId) -> Result<Vec<Schedule>, Unavailable> {
        let queues = self.shared.queues.values();
        let mut all: Vec<_> =
            queues.flat_map(|queue| queue.later(|later| later.of(tenant).collect::<Vec<_>>())).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    async fn unschedule(&self, tenant: &TenantId, name: &str) -> Result<bool, Unavailable> {
        Ok(self.forget(tenant, name))
    }
}
