//! Operations of chats, one file each.

pub mod chat_completions;
pub mod conversations;
pub mod models;
pub mod ws;
