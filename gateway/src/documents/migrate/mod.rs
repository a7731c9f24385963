//! Collections from one embedding model to another, while they are searched.
//!
//! - [`service`]: what a request does. - [`step`]: what is missing, and the jobs for that. - [`progress`]: how far it is.

pub mod progress;
pub mod service;
mod step;
