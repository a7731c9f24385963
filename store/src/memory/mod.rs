//! The store in memory: it forgets everything with its process, and can be told to fail. For tests and benches.

mod bots;
mod collections;
mod conversations;
mod documents;
mod files;
mod groups;
mod jobs;
mod keys;
mod ledger;
mod models;
mod rows;
mod search;
mod tables;
mod templates;

pub use search::StoredChunk;
pub use tables::Memory;
