//! Background tasks of a worker, one file each, shown by `ruche workers` and in the metrics. Every step is
//! idempotent, so any number of processes may run the same task.

mod max_deliveries;
mod reconciler;
mod retention;
mod schedule;
mod sweep;
mod vector_indexes;

pub use max_deliveries::MaxDeliveries;
pub use reconciler::{Reconciler, Tracker};
pub use retention::{Hindrance, Retention, forget_some};
pub use schedule::{Metrics, Scheduled};
pub use sweep::{Sweep, sweep_once};
pub use vector_indexes::VectorIndexes;
