//! Chats, as OpenAI's clients speak and over a WebSocket; and the conversations that keep them.

pub mod openai;
pub mod routes;
pub mod ws;
