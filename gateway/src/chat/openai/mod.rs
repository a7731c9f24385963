//! OpenAI's chat requests and answers.
//!
//! Source: the OpenAI API reference, "Create chat completion", and what openai-python and openai-node parse.

pub mod parameters;
pub mod request;
pub mod response;
