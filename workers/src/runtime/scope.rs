//! What an attempt runs in.

use std::{sync::Arc, time::Duration};

use ruche_schemas::{Envelope, Record, clock::Clock};
use ruche_store::objects::Claims;
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;

use super::{deadline::Deadline, event_log::EventLog};

/// With an unparsed body.
pub(crate) type Unread = Envelope<Box<RawValue>>;

pub struct Scope<'a> {
    pub(crate) log: &'a mut EventLog,
    /// From 1.
    pub(crate) attempt: u32,
    pub(crate) past: Vec<Record>,
    /// Set when the job is cancelled.
    pub(crate) cancel: CancellationToken,
    pub(crate) claims: Claims,
    /// After this silence `started` is appended.
    pub(crate) quiet: Duration,
    pub(crate) deadline: Deadline,
    pub(crate) clock: Arc<dyn Clock>,
}
