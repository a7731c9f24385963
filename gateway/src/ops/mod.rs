//! What operators see and steer: queues, workers, pauses, caps of tenants and dead letters.

pub mod dead_letters;
pub mod export;
pub mod pauses;
pub mod routes;
pub mod tenant_limits;
pub mod throughput;
