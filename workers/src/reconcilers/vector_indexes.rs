//! Lets the database have the indexes that searches need, as collections grow and models come and go.
//!
//! One task a process that embeds; any number of processes may run it, because one at a time is at it and each step can be
//! repeated.

use std::{sync::Arc, time::Duration};

use ruche_schemas::config;
use tracing::{info, warn};

use crate::ports::indexes::{Indexes, Tended};

/// How often it is looked whether an index is missing, on average.
pub const TEND: Duration = Duration::from_secs(60);

/// Makes and drops indexes, looking `every` so often, until dropped.
pub async fn tend(indexes: Arc<dyn Indexes>, settings: config::Search, every: Duration) {
    loop {
        match indexes.tend(&settings).await {
            Ok(Tended { made, dropped }) if made.is_empty() && dropped.is_empty() => {}
            Ok(Tended { made, dropped }) => info!(?made, ?dropped, "the indexes over vectors are as they ought to be"),
            Err(error) => warn!(%error, "can't look after the indexes over vectors: trying again later"),
        }
        tokio::time::sleep(every.mul_f64(0.5 + rand::random::<f64>())).await;
    }
}
