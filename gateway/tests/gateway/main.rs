//! The gateway over real HTTP. Most tests use a bus and a store in memory and a small worker; `outage` uses real
//! servers.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic, as its tests do")]

mod bad_input;
mod batches;
mod bot_chats;
mod bots;
mod chat;
mod claims;
mod dead;
mod described;
mod description;
mod documents;
mod embeddings;
mod exact;
mod handling;
mod jobs;
mod lenient;
mod lists;
mod manners;
mod migrate;
mod model_names;
mod ndjson;
mod operations;
mod operators;
mod options;
mod outage;
mod pools;
mod render;
mod render_input;
mod render_support;
mod renders;
mod rerank;
mod schedules;
mod search;
mod search_support;
mod stored;
mod support;
mod templates;
mod tenant_limits;
mod ws;
