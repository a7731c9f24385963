//! Child processes that isolate libraries which read or typeset untrusted documents and can't be cancelled or
//! limited. A child is this program with a flag; it takes requests over a pipe, with limits on memory and CPU time.
//! The parent kills it at the deadline, and replaces it when it has ended, failed, grown, or reached its number of
//! requests.

mod child;
mod frames;
mod pool;
mod process;

pub use child::{Bounds, Child, run_child, serve};
pub use pool::{AskError, Options, Pool};
