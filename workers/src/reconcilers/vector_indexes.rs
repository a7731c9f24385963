//! Has the database make the indexes that searches need, as collections grow and models come and go.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use ruche_schemas::config;
use ruche_store::indexes::{Indexes, Reconciled};
use tracing::info;

use super::reconciler::{Reconciler, Tracker};

/// Makes and drops indexes over vectors.
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
        let Tended { made, dropped } = self.indexes.tend(&self.settings).await?;
        if !made.is_empty() || !dropped.is_empty() {
            info!(?made, ?dropped, "changed the indexes over vectors");
        }
        tracker.changed((made.len() + dropped.len()) as u64);
        Ok(())
    }
}
