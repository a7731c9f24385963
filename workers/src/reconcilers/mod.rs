//! Background tasks of a worker, one file each. Operators see each in `ruche workers` and in the metrics.
//!
//! Any number of processes may run the same task, because each of its steps can be repeated.
//!
//! - [`reconciler`]: what a task is. - [`schedule`]: runs tasks, and keeps their status.
//! - [`max_deliveries`]: jobs that the server has given up. - [`retention`]: jobs that ended long ago.
//! - [`sweep`]: objects that belong to no job. - [`vector_indexes`]: the indexes that searches need.

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
