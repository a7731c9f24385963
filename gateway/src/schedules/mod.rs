//! Jobs that begin again and again, by the clock of the bus.

pub mod routes;
pub mod service;
