//! What extractors and middleware require of a router's state.

use std::sync::Arc;

use super::{auth::Keys, body::Bodies, lifecycle::Lifecycle, metrics::Metrics};

#[derive(Debug, Clone)]
pub struct Http {
    pub keys: Arc<Keys>,
    pub bodies: Bodies,
    pub metrics: Arc<Metrics>,
    pub lifecycle: Lifecycle,
}

pub trait HttpState: Clone + Send + Sync + 'static {
    fn http(&self) -> &Http;
}
