//! Jobs: submission and events.
//!
//! - [`kinds`], [`flow_check`], [`intake`], [`submission`], [`admission`] ([`rates`], [`backlog`]), [`publisher`]: to
//!   the bus.
//! - [`wait`], [`relay`], [`follow`], [`event_log`]: events to the client. [`payloads`]: large bodies and results.
//! - [`lookup`], [`view`], [`unended`], [`cancel`], [`batch`], [`models`], [`aliases`]; [`service`]: all of these;
//!   [`routes`].

pub mod accepted;
pub mod admission;
pub mod aliases;
pub mod backlog;
pub mod batch;
pub mod cancel;
pub mod event_log;
pub mod failure;
pub mod flow_check;
pub mod follow;
pub mod intake;
pub mod kinds;
pub mod lookup;
pub mod models;
pub mod payloads;
pub mod publisher;
pub mod rates;
pub mod refusal;
pub mod relay;
pub mod routes;
pub mod service;
pub mod submission;
pub mod unended;
pub mod view;
pub mod wait;
