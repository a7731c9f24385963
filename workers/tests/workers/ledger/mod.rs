//! What the runtime relies on: one contract, for the ledger in memory and the one in Postgres.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod commits;
mod conversations;
mod corpus;
mod groups;
mod keeping;
mod support;
