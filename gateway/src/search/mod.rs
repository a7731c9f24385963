//! Search, embeddings and reranking.
//!
//! - [`query`]: what is asked and found; [`filter`]: conditions on metadata, [`filter_notes`]: why they find nothing;
//!   [`service`]: the search;
//!   [`collection_cache`]: the models of collections.
//! - [`embed`]: texts to vectors; [`openai`]: OpenAI's request for it. - [`rerank`]: reorders the hits. - [`routes`].

pub mod collection_cache;
pub mod embed;
mod filter;
mod filter_notes;
mod json_type;
pub mod openai;
pub mod query;
pub mod rerank;
pub mod routes;
pub mod service;
