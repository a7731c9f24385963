//! Where it enters and leaves: HTTP, SSE and WebSocket on one side, the bus on the other.
//!
//! A thin thing on purpose: it checks who is calling and what is asked, publishes a job, and relays the job's events.
//! It runs nothing, and keeps and writes nothing but keys, batches, templates and bots, so that any number of gateways stand
//! side by side and any of them can go on with a stream that another began.
//!
//! - [`http`]: what every feature stands on. - [`jobs`]: the one path of a job into the system, and its events back.
//! - [`chat`], [`bots`], [`search`], [`documents`], [`render`], [`batches`], [`schedules`], [`ops`]: the features.
//! - [`app`]: the composition root: it builds the services and the router.

pub mod app;
pub mod batches;
pub mod bots;
pub mod chat;
pub mod documents;
pub mod http;
pub mod jobs;
pub mod ops;
pub mod render;
pub mod schedules;
pub mod search;
