//! Jobs that begin again and again.

pub mod routes;
