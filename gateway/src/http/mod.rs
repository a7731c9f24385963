//! The base of every feature: authentication, reading of requests, errors and answers.
//!
//! - [`server`], [`write_timeout`]: connections; [`cors`]: browsers; [`encoding`]: compressed bodies;
//!   [`missing`], [`nearest`], [`root`]: paths without a route; [`observe`], [`metrics`], [`health`]: monitoring; [`auth`]: callers.
//! - [`body`], [`json`], [`ignored`], [`ndjson`], [`multipart`], [`headers`], [`params`], [`known_parameters`],
//!   [`prefer`], [`extract`]: requests.
//! - [`error`], [`refusal`], [`unavailable`], [`bounds`], [`nul`]: errors; [`sse`], [`file`]: answers; [`limits`]: every fixed bound.
//! - [`openai`]: what OpenAI's operations share; [`openapi`]: the description of the API; [`state`]: the router's
//!   state.

pub mod auth;
pub mod body;
pub mod bounds;
pub mod cors;
pub mod encoding;
pub mod error;
pub mod extract;
pub mod file;
pub mod headers;
pub mod health;
pub mod ignored;
pub mod json;
pub mod known_parameters;
pub mod lifecycle;
pub mod limits;
pub mod metrics;
pub mod missing;
pub mod multipart;
pub mod ndjson;
mod nearest;
pub mod nul;
pub mod observe;
pub mod openai;
pub mod openapi;
pub mod params;
pub mod prefer;
pub mod refusal;
pub mod root;
pub mod server;
pub mod sse;
pub mod state;
pub mod text;
pub mod unavailable;
pub mod unread;
pub mod write_timeout;
