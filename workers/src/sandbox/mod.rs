//! Child processes with bounds: whatever a document does to the process that reads or typesets it costs that document.
//!
//! Libraries can't be told to stop, and what they take of a hostile file has no bound. So they run in children: this
//! program again, started with a flag. A child takes requests over a pipe, one after the other, with bounds on memory and
//! processor time. Its parent kills it at the deadline, and replaces it once it has ended, failed, grown, or done its share.
//!
//! - [`pool`]: hands requests to free children. - [`process`]: one child, as its parent sees it. - [`child`]: what it does
//!   itself. - [`frames`]: what goes through the pipes.

mod child;
mod frames;
mod pool;
mod process;

pub use child::{Bounds, Child, run_child, serve};
pub use pool::{AskError, Options, Pool};
