//! Chats over OpenAI's API and over a WebSocket, and stored conversations.
//!
//! - [`service`]: submits chats; `shorten`: fits them into a job; [`bot`]: completes those of bots. - [`openai`]:
//!   OpenAI's requests and answers.
//! - [`running`]: the stream of an answer. - [`ws`]: the WebSocket. - [`conversations`]. - [`routes`].

pub mod bot;
pub mod conversations;
pub mod openai;
pub mod routes;
pub mod running;
pub mod service;
mod shorten;
pub mod ws;
