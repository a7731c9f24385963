//! The gateway: HTTP, SSE and WebSocket on one side, the bus on the other. It authenticates and checks requests,
//! publishes jobs, and relays their events.
//!
//! It runs no jobs, and stores only keys, batches, templates and bots, so any number of gateways can run, and any of
//! them can continue a stream that another began.
//!
//! - [`http`]: the base of every feature. - [`jobs`]: submission and events. - [`app`]: the composition root.
//! - [`chat`], [`bots`], [`search`], [`documents`], [`render`], [`batches`], [`schedules`], [`ops`]: the features.

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
