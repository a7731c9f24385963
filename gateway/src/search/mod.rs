//! A question in, the chunks of documents that answer it out; texts in, vectors out.

pub mod collection_cache;
pub mod embed;
pub mod openai;
pub mod rerank;
pub mod routes;
pub mod service;
