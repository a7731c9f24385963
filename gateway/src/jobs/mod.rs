//! Jobs in, events out.

pub mod batch;
pub mod caps;
pub mod models;
pub mod payloads;
pub mod rates;
pub mod relay;
pub mod routes;
pub mod send;
pub mod steps;
pub mod submit;
pub mod wait;
pub mod waiting;
