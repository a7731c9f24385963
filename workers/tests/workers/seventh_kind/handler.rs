//! The handler of toys. `workers/src/kinds/toy.rs` would need no more.

use std::num::NonZeroUsize;

use anyhow::Context as _;
use async_trait::async_trait;
use prometheus_client::metrics::counter::Counter;
use ruche_schemas::Envelope;
use ruche_workers::{
    kinds::{Prepared, Setup, ShutdownHandle},
    registry::{Handler, handler},
    runtime::{Context, JobError},
};

use super::schema::{Counted, Toy, WORDS};

struct ToyHandler {
    separator: String,
    words: Counter,
}

pub fn prepare(setup: Setup<'_>) -> anyhow::Result<Prepared> {
    let settings = setup.config.of::<Toy>()?;
    Ok(Prepared {
        handler: handler(ToyHandler { separator: settings.separator, words: setup.metrics.counter(&WORDS) }),
        slots: NonZeroUsize::new(settings.slots).context("toy.slots is 0")?,
        reserved: 0,
        reconcilers: Vec::new(),
        shutdown: ShutdownHandle::none(),
    })
}

#[async_trait]
impl Handler<Toy> for ToyHandler {
    async fn handle(&self, job: &Envelope<Toy>, context: Context<Toy>) -> Result<Counted, JobError> {
        context.steps(0, Some(1), "counting");
        let words = job.body.text.split(&self.separator).filter(|word| !word.is_empty()).count();
        self.words.inc_by(words as u64);
        Ok(Counted { words })
    }
}
