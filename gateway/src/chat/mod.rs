//! Chats, as OpenAI's clients speak and over a WebSocket; and the conversations that keep them.
//!
//! - [`service`]: submits chats; [`bot`]: what completes those of bots. - [`openai`]: OpenAI's requests and answers.
//! - [`running`]: the stream of an answer. - [`ws`]: the WebSocket. - [`conversations`]: what is kept.
//! - [`routes`]: the operations.

pub mod bot;
pub mod conversations;
pub mod openai;
pub mod routes;
pub mod running;
pub mod service;
pub mod ws;
