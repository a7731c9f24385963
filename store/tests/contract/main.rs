//! What everybody relies on who keeps something: one contract for the store in memory and the one in Postgres, and for objects in
//! memory, in files and in S3. What only Postgres has is here too.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod bots;
mod collections;
mod commits;
mod conversations;
mod documents;
mod entities;
mod files;
mod groups;
mod indexes;
mod lists;
mod locks;
mod models;
mod objects;
mod packages;
mod pool;
mod retention;
mod search;
mod search_support;
mod support;
