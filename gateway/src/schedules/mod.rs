//! Jobs that start repeatedly, by the clock of the bus.

pub mod routes;
pub mod service;
