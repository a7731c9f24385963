//! Jobs: the one path into the system, and their events back.
//!
//! - [`kinds`], [`flow_check`]: what may be asked; [`intake`]: a job of any kind, as JSON.
//! - [`submission`], [`admission`] ([`rates`], [`backlog`]), [`publisher`]: a job on its way to the bus.
//! - [`wait`]: submit and wait for the end; [`relay`], [`follow`]: events back to the client.
//! - [`payloads`]: bodies and results that are too large for a message; [`event_log`]: what a gateway writes of a log.
//! - [`lookup`], [`view`], [`unended`], [`cancel`]: jobs as they are shown, listed and cancelled.
//! - [`batch`]: jobs that are counted together; [`models`]: what workers have loaded.
//! - [`service`]: all of these, made once; [`routes`]: the operations.

pub mod accepted;
pub mod admission;
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
