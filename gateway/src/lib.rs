//! Where it enters and leaves: HTTP, SSE and WebSocket on one side, the bus on the other.
//!
//! A thin thing on purpose: it checks who is calling and what is asked, publishes a job, and relays the job's events.
//! It runs nothing, and keeps and writes nothing but keys, batches, templates and bots, so that any number of gateways stand
//! side by side and any of them can go on with a stream that another began.
//!
//! A request, file by file:
//! - [`server`]: listens, drains; [`stall`]: disconnects who takes nothing.
//! - [`observe`]: its span and its measurement; [`error`]: the one shape of every refusal.
//! - [`auth`]: who is it; [`keys`]: what a key is.
//! - [`routes`]: one file per operation; [`openai`]: the words that OpenAI's clients speak.
//! - [`submit`]: the one path of a job into the system; [`models`]: which models there are.
//! - [`batch`]: jobs that are counted together; [`replay`]: a dead letter as a new job; [`rates`]: a tenant's rate.
//! - [`embed`]: texts in, vectors out; [`corpus`]: documents in, to be searched in.
//! - [`migrate`]: collections from one embedding model to another.
//! - [`search`]: a question in, the chunks of documents that answer it out.
//! - [`bots`]: what answers in somebody's name, from which collections.
//! - [`render`]: Markdown in, a document out; links to documents.
//! - [`waiting`]: jobs that have not ended, and how one is called off.
//! - [`relay`]: the job's events, back to the client.
//! - [`ports`], [`adapters`]: what is read from the database.
//! - [`limits`]: every bound that is not a setting.

pub mod app;
mod ask;
mod auth;
pub mod batch;
pub mod body;
pub mod bots;
pub mod caps;
pub mod claims;
pub mod corpus;
pub mod embed;
pub mod error;
pub mod limits;
pub mod lines;
pub mod metrics;
pub mod migrate;
pub mod models;
pub mod observe;
pub mod openai;
pub mod rates;
pub mod relay;
pub mod render;
pub mod replay;
pub mod rerank;
pub mod routes;
pub mod scopes;
pub mod search;
pub mod send;
pub mod server;
pub mod stall;
pub mod steps;
pub mod submit;
pub mod throughput;
pub mod waiting;

pub use app::{App, Lifecycle};
pub use server::{ServeError, Server, serve};
