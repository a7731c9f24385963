//! What every feature stands on: who asks, what is read of a request, how it is refused, how it is answered.

pub mod auth;
pub mod body;
pub mod error;
pub mod health;
pub mod limits;
pub mod metrics;
pub mod metrics_route;
pub mod ndjson;
pub mod observe;
pub mod server;
pub mod write_timeout;
