//! Jobs that are counted together.

pub mod routes;
