//! What a job's end starts: the next jobs, on success or on failure, one by one or fanned out and joined.
//!
//! A flow is data in the envelope, not a program. Whoever knows a job's envelope and its outcome knows the jobs that
//! follow, with their ids. So a worker that crashed between two of them starts the same ones again, and each only
//! once. [`children`] is that rule, and the only place that knows it.

mod check;
mod children;
mod steps;

pub use check::check;
pub use children::{Child, child, children};
pub use steps::{Fan, Join, MAX_CHILDREN, MAX_DEPTH, Member, Next, Origin, Template};
