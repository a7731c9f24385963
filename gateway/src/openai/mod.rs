//! The words that OpenAI's clients speak, and ours: requests become chat jobs, events become chunks.
//!
//! Source: the OpenAI API reference, "Create chat completion", and what openai-python and openai-node parse.

pub mod parameters;
pub mod request;
pub mod response;
