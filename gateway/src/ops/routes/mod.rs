//! Operations for operators, one file each.

pub mod dead;
pub mod queues;
pub mod retry_job;
pub mod tenant_limits;
pub mod workers;
