//! The ground of every feature: who calls, what is read of a request, how it is refused and answered.
//!
//! - [`server`]: listens and drains; [`write_timeout`]: disconnects a client that takes nothing.
//! - [`observe`]: a request's span and measurement; [`metrics`]: what Prometheus reads; [`health`]: probes.
//! - [`auth`]: the caller; [`limits`]: every bound that is not a setting; [`state`], [`extract`]: how handlers get these.
//! - [`body`], [`json`], [`ndjson`], [`multipart`]: bodies; [`headers`], [`params`], [`prefer`]: the rest of a request.
//! - [`error`], [`refusal`], [`unavailable`]: the one shape of every refusal.
//! - [`sse`], [`file`]: the two answers that are no JSON; [`openai`]: what all of OpenAI's operations share.
//! - [`openapi`]: the description of the API.

pub mod auth;
pub mod body;
pub mod error;
pub mod extract;
pub mod file;
pub mod headers;
pub mod health;
pub mod json;
pub mod lifecycle;
pub mod limits;
pub mod metrics;
pub mod multipart;
pub mod ndjson;
pub mod observe;
pub mod openai;
pub mod openapi;
pub mod params;
pub mod prefer;
pub mod refusal;
pub mod server;
pub mod sse;
pub mod state;
pub mod text;
pub mod unavailable;
pub mod write_timeout;
