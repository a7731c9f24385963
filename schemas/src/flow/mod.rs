//! The jobs that a job's end starts: on success or on failure, one by one or fanned out and joined.
//!
//! A flow is data in the envelope. A job's envelope and outcome determine the jobs that follow, with their ids. So
//! after a worker's crash the same jobs are started, and each only once. Only [`children`] and [`callback`] implement that rule.

mod batch;
mod check;
mod children;
mod steps;

pub use batch::{BATCH, BatchCounts, callback, callback_id};
pub use check::check;
pub use children::{Child, child, children};
pub use steps::{Fan, Join, MAX_CHILDREN, MAX_DEPTH, Member, Next, Origin, Template};
