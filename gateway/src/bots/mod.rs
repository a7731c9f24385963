//! Bots: what answers in somebody's name, from which collections.
//!
//! - [`definition`]: reads a bot from a request. - [`service`]: the tenant's bots, and what they make of a chat.
//! - [`rates`]: how often a bot is asked. - [`retrieve`]: the passages for a question. - [`rewrite`]: a question that follows
//!   others, made to stand alone. - [`routes`]: the operations.

pub mod definition;
pub mod rates;
pub mod retrieve;
pub mod rewrite;
pub mod routes;
pub mod service;
