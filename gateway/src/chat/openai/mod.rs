//! The words that OpenAI's clients speak, and ours: requests become jobs, events become chunks and vectors.
//!
//! Source: the OpenAI API reference, "Create chat completion" and "Create embeddings", and what openai-python and openai-node parse.

pub mod parameters;
pub mod request;
pub mod response;
