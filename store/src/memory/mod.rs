//! An in-memory store for tests and benches. It is volatile, and can be told to fail.

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
mod retention;
mod rows;
mod search;
mod tables;
mod templates;

pub use search::StoredChunk;
pub use tables::Memory;
