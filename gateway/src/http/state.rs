//! What the extractors and middleware of this folder need of a router's state.

use std::sync::Arc;

use super::{auth::Keys, body::Bodies, lifecycle::Lifecycle, metrics::Metrics};

#[derive(Debug, Clone)]
pub struct Http {
    pub keys: Arc<Keys>,
    pub bodies: Bodies,
    pub metrics: Arc<Metrics>,
    pub lifecycle: Lifecycle,
}

/// The state of a router whose handlers use these extractors.
pub trait HttpState: Clone + Send + Sync + 'static {
    fn http(&self) -> &Http;
}
