//! Operators' features: queues, workers, pauses, tenants' caps and dead letters.

pub mod dead_letters;
pub mod export;
pub mod pauses;
pub mod routes;
pub mod tenant_limits;
pub mod throughput;
