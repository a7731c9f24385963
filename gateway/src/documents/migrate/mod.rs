//! Migrates collections to another embedding model while they are searched.
//!
//! - [`service`]: what a request does. - [`step`]: finds missing documents and submits their jobs. - [`progress`].

pub mod progress;
pub mod service;
mod step;
