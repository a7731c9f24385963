//! Where jobs go in and events come out.

use std::sync::Arc;

use ruche_bus::Bus;

use crate::faults::http::Http;

#[derive(Clone)]
pub enum Entrance {
    /// Directly to NATS.
    Bus(Arc<dyn Bus>),
    /// Over HTTP, through any of the gateways.
    Http(Http),
}
