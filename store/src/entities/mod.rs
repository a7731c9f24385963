//! The rows in Postgres, as SeaORM entities; `migrations` creates the tables. Every row carries its tenant. A job has
//! one row, written once when it has ended.

pub mod api_keys;
pub mod batch_jobs;
pub mod bots;
pub mod collections;
pub mod conversations;
pub mod documents;
pub mod embedding_models;
pub mod groups;
pub mod job_fences;
pub mod jobs;
pub mod messages;
pub mod renders;
pub mod templates;
pub mod tenants;
pub mod usage;
