//! The encoder's thread: owns the model, computes batches, and parks when nothing is queued. A failed batch is
//! retried text by text, so that only the texts at fault fail.

use std::{sync::Arc, time::Instant};

use tokio::sync::mpsc;

use super::{
    batch::{BatchLimits, Batcher, Pick, Ticket},
    error::NoVector,
    metrics::Metrics,
    port::{LoadError, Loader, Model, ModelInfo, Tokenizer},
    vector::{Vector, finish},
};
use crate::inference::{thread::Ready, waker::Waker};

/// Requests that the batcher chooses from; more wait in the channel.
const CHOICE: usize = 1024;

pub(super) struct Work {
    pub(super) waker: Arc<Waker>,
    pub(super) inbox: mpsc::Receiver<Ticket>,
    pub(super) limits: BatchLimits,
    pub(super) metrics: Metrics,
}

pub(super) enum Failed {
    Load(LoadError),
    /// A first text failed after loading.
    Useless(String),
}

type Loaded = Ready<(ModelInfo, Arc<dyn Tokenizer>), Failed>;

/// The thread's body: loads the model, tests it, and computes batches until stopped.
pub(super) fn run(loader: Box<dyn Loader>, work: Work, ready: &Loaded) {
    let result = loader.run(Box::new(|info, tokenizer, model| {
        if let Err(reason) = try_out(&info, &*tokenizer, model) {
            let _ = ready.send(Err(Failed::Useless(reason)));
            return;
        }
        let (ranks, batcher) = (info.ranks, Batcher::new(work.limits));
        // Fails if the starter has gone: then no request will ever come.
        if ready.send(Ok((info, tokenizer))).is_ok() {
            let Work { waker, inbox, limits, metrics } = work;
            Thread { model, ranks, batcher, waker, inbox, limits, metrics }.run();
        }
    }));
    if let Err(error) = result {
        let _ = ready.send(Err(Failed::Load(error)));
    }
}

/// Reads one text, so that an unusable model is reported at startup.
fn try_out(info: &ModelInfo, tokenizer: &dyn Tokenizer, model: &mut dyn Model) -> Result<(), String> {
    let tokens = match info.ranks {
        true => tokenizer.pair(&tokenizer.plain("Bees"), &tokenizer.plain("Bees")),
        false => tokenizer.tokenize("Bees"),
    };
    if tokens.is_empty() {
        return Err("it has no tokens for it".to_owned());
    }
    let mut vectors = model.encode(&[&tokens]).map_err(|error| error.to_string())?;
    let vector = vectors.pop().unwrap_or_default();
    let dimensions = usize::try_from(info.dimensions).unwrap_or(usize::MAX);
    if vector.is_empty() || vector.len() != dimensions {
        return Err(format!("its vector has {} numbers instead of {dimensions}", vector.len()));
    }
    finish(info.ranks, vector).map(drop).map_err(|error| error.to_string())
}

struct Thread<'a> {
    model: &'a mut dyn Model,
    ranks: bool,
    batcher: Batcher,
    waker: Arc<Waker>,
    inbox: mpsc::Receiver<Ticket>,
    limits: BatchLimits,
    metrics: Metrics,
}

impl Drop for Thread<'_> {
    /// Also on a panic, and before waiting callers are told.
    fn drop(&mut self) {
        self.waker.stop();
    }
}

impl Thread<'_> {
    fn run(mut self) {
        while !self.waker.is_stopped() {
            while self.batcher.len() < CHOICE
                && let Ok(ticket) = self.inbox.try_recv()
            {
                self.batcher.add(ticket);
            }
            let batch = self.batcher.next();
            (0..batch.gone).for_each(|_| self.metrics.count_abandoned());
            batch.queued.iter().for_each(|queued| self.metrics.started(queued.elapsed()));
            match batch.picks.is_empty() {
                // An unpark before this park makes it return at once, so no wake-up is lost.
                true => std::thread::park(),
                false => self.step(&batch.picks),
            }
        }
    }

    fn step(&mut self, picks: &[Pick]) {
        match self.encode(picks) {
            Ok(vectors) => {
                for (pick, vector) in picks.iter().zip(vectors) {
                    self.batcher.settle(pick, vector);
                }
            }
            Err(error) if picks.len() > 1 => {
                tracing::warn!(error, texts = picks.len(), "a batch failed: going on with each text alone");
                picks.chunks(1).for_each(|alone| self.step(alone));
            }
            Err(error) => picks.iter().for_each(|pick| self.batcher.settle(pick, Err(NoVector::Failed(error.clone())))),
        }
    }

    fn encode(&mut self, picks: &[Pick]) -> Result<Vec<Vector>, String> {
        let texts: Vec<&[i32]> = picks.iter().map(|pick| pick.tokens.as_slice()).collect();
        let start = Instant::now();
        let vectors = match self.model.encode(&texts) {
            Ok(vectors) if vectors.len() == texts.len() => vectors,
            Ok(vectors) => return Err(format!("the model gave {} vectors for {} texts", vectors.len(), texts.len())),
            Err(error) => {
                self.metrics.failed();
                return Err(error.to_string());
            }
        };
        let tokens = texts.iter().map(|tokens| tokens.len()).sum();
        self.metrics.encoded(texts.len(), tokens, self.limits.tokens, start.elapsed());
        Ok(vectors.into_iter().map(|vector| finish(self.ranks, vector)).collect())
    }
}
