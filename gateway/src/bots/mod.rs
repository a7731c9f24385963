//! Bots: a model with instructions and collections under a name.
//!
//! - [`definition`]: reads a bot. - [`service`]: stores bots and completes their chats. - [`rates`]: chats a minute.
//! - [`retrieve`]: the passages for a question. - [`nothing_found`]: the answer without any.
//! - [`rewrite`]: makes a follow-up question stand alone. - [`routes`].

pub mod definition;
mod nothing_found;
pub mod rates;
pub mod retrieve;
pub mod rewrite;
pub mod routes;
pub mod service;
