//! Operations on documents and collections, one file each.

pub mod add_document;
pub mod collections;
pub mod documents;
pub mod migrate;
