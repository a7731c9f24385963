//! Who does the work.

pub mod adapters;
pub mod ports;
