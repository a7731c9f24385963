//! What extractors and middleware require of a router's state.

use std::sync::Arc;

use ruche_schemas::config::Origins;

use super::{auth::Keys, body::Bodies, lifecycle::Lifecycle, metrics::Metrics};

#[derive(Debug, Clone)]
pub struct Http {
    pub keys: Arc<Keys>,
    pub bodies: Bodies,
    pub metrics: Arc<Metrics>,
    pub lifecycle: Lifecycle,
    /// The pages that may call from a browser.
    pub origins: Arc<Origins>,
}

pub trait HttpState: Clone + Send + Sync + 'static {
    fn http(&self) -> &Http;
}
