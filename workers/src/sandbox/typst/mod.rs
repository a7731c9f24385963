//! Documents are set in child processes, so that none of them can hurt more than its own.
//!
//! Typst can't be told to stop, and what a template computes has no bound. So each document is set in a process with a
//! bound on memory and on processor time, which is killed at the deadline. The processes are started ahead, with their
//! fonts loaded, take one document after the other, and are replaced after some hundred, or once they hold much memory.
//!
//! `pool` hands documents to free processes, `process` is one of them as seen from here, `serve` is what it does itself,
//! `frames` what goes between the two.

mod frames;
mod pool;
mod process;
mod serve;

pub use pool::{Options, Pool, SetError};
pub use serve::{FLAG, serve};
