//! What all parts of the bus on NATS share.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use ruche_schemas::{config, topology::names::Names};

use super::{connection::Connection, kept::StreamKeeper};

/// Cheap to clone; clones share the connection.
#[derive(Debug, Clone)]
pub struct Nats {
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) connection: Connection,
    pub(super) names: Names,
    pub(super) config: config::Nats,
    pub(super) ack_wait: Duration,
    /// The stream of the logs.
    pub(super) events: String,
    pub(super) cancels: String,
    pub(super) dead: String,
    pub(super) workers: String,
    pub(super) schedules: String,
    /// Whether this process moves due jobs and keeps the streams.
    pub(super) is_running: AtomicBool,
    pub(super) keeper: StreamKeeper,
}
