//! The gateway over real HTTP. Most tests run on a bus and a store in memory with a small worker of their own;
//! `store`, `search_store`, `documents` and `outage` run on real servers.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic, as its tests do")]

mod bad_input;
mod batches;
mod bot_chats;
mod bots;
mod chat;
mod claims;
mod corpus;
mod corpus_store;
mod dead;
mod description;
mod documents;
mod embeddings;
mod jobs;
mod lists;
mod migrate;
mod ndjson;
mod operations;
mod operators;
mod options;
mod outage;
mod render;
mod render_input;
mod render_support;
mod renders;
mod rerank;
mod schedules;
mod search;
mod search_store;
mod search_support;
mod store;
mod support;
mod templates;
mod tenant_limits;
mod ws;
