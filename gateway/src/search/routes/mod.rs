//! Operations of search, one file each.

pub mod embeddings;
pub mod search;
