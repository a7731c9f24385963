//! Operations for operators, one file per resource.

pub mod dead_letters;
pub mod pauses;
pub mod queues;
pub mod retry_job;
pub mod tenant_limits;
pub mod workers;
