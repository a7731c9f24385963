//! What operators see and steer.

pub mod replay;
pub mod routes;
pub mod throughput;
