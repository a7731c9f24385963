//! Ports: what the jobs need from the world, in the words of the jobs.
//!
//! Each file is one port. Nothing here names a library, so that a fake is enough to test what stands on it.

pub mod engine;
