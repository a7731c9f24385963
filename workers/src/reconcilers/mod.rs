//! Background tasks of a worker: each looks now and then whether something is left to do.

mod max_deliveries;
mod retention;
mod vector_indexes;

pub use max_deliveries::backstop;
pub use retention::{Hindrance, PURGE, forget, forget_some, sweep, sweep_once};
pub use vector_indexes::{TEND, tend};
