//! Private servers for tests: on free ports, in temporary folders, gone with the test, even if it is killed.
//!
//! Everything here panics with a clear message instead of returning an error.

mod cluster;
mod folder;
mod models;
mod name;
mod nats_server;
mod postgres_server;
mod s3;
mod slot;
mod template;
#[cfg(test)]
mod tests;

pub use cluster::{TestCluster, nats_cluster};
pub use models::{embedding_model, multilingual_model, reranker, small_chat_model};
pub use name::unique;
pub use nats_server::{TestNats, nats, nats_with_logins, shared_nats, shared_nats_with_logins};
pub use postgres_server::{TestPostgres, postgres, shared_postgres};
pub use s3::{BUCKET, shared_s3};
