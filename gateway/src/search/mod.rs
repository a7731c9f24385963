//! A question in, the chunks of documents that answer it out; texts in, vectors out.
//!
//! - [`query`]: what is asked and found; [`service`]: the search; [`collection_cache`]: which collections have which models.
//! - [`embed`]: texts in, vectors out, in several jobs; [`openai`]: that request as OpenAI's clients send it.
//! - [`rerank`]: the best hits, ordered by a cross-encoder. - [`routes`]: the operations.

pub mod collection_cache;
pub mod embed;
pub mod openai;
pub mod query;
pub mod rerank;
pub mod routes;
pub mod service;
