//! Contract tests: one contract for the stores in memory and in Postgres, and one for objects in memory, in files and
//! in S3; also tests of Postgres alone.

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
mod search_words;
mod support;
