//! Makes the database create and drop vector indexes as collections and models change.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use ruche_schemas::config;
use ruche_store::indexes::{Indexes, Reconciled};
use tracing::info;

use super::reconciler::{Reconciler, Tracker};

pub struct VectorIndexes {
    pub indexes: Arc<dyn Indexes>,
    pub settings: config::Search,
}

#[async_trait]
impl Reconciler for VectorIndexes {
    fn name(&self) -> &'static str {
        "vector-indexes"
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn run(&self, tracker: &Tracker) -> anyhow::Result<()> {
        let Reconciled { created, dropped } = self.indexes.reconcile_indexes(&self.settings).await?;
        if !created.is_empty() || !dropped.is_empty() {
            info!(?created, ?dropped, "changed the indexes over vectors");
        }
        tracker.changed((created.len() + dropped.len()) as u64);
        Ok(())
    }
}
