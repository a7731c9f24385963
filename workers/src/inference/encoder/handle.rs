//! The handle of an embedding model or a reranker: starts its thread, and queues what it is asked.

use std::{sync::Arc, time::Instant};

use tokio::sync::{mpsc, oneshot};

use super::{
    batch::{BatchLimits, Ticket},
    error::{EncodeError, NoVector, StartError},
    metrics::Metrics,
    port::{Loader, ModelInfo, Tokenizer},
    tokens::{pairs, tokenize},
    worker::{self, Failed, Work},
};
use crate::inference::{
    thread::{self, ModelThread},
    waker::Waker,
};

/// Requests that may wait for the thread; more wait in [`Encoder::encode`] itself.
const QUEUE: usize = 256;

/// A running model. Clones are handles of the same one; it stops when the last is dropped.
#[derive(Clone)]
pub struct Encoder {
    handle: Arc<Handle>,
}

struct Handle {
    name: String,
    info: ModelInfo,
    tokenizer: Arc<dyn Tokenizer>,
    inbox: mpsc::Sender<Ticket>,
    thread: ModelThread,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("model", &self.handle.name).finish_non_exhaustive()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.thread.stop();
    }
}

/// An embedded text.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// How many tokens it has, with the model's marks.
    pub tokens: u32,
    /// Its vector, of length 1; of a pair, its one number.
    pub vector: Result<Vec<f32>, NoVector>,
}

impl Encoder {
    /// Starts on any model that implements the port, with batches of so many tokens and texts. Blocks until it is loaded.
    ///
    /// # Errors
    /// Says what is wrong with the file, and what to do.
    pub fn start(
        loader: Box<dyn Loader>,
        model_name: String,
        (batch_tokens, batch_texts): (u32, u32),
        metrics: Metrics,
    ) -> Result<Self, StartError> {
        let waker = Arc::new(Waker::default());
        let (sender, inbox) = mpsc::channel(QUEUE);
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX).max(1);
        let limits = BatchLimits { tokens: size(batch_tokens), texts: size(batch_texts) };
        let work = Work { waker: Arc::clone(&waker), inbox, limits, metrics };
        let started = ModelThread::start("encoder", &waker, move |ready| worker::run(loader, work, ready));
        let (thread, (info, tokenizer)) = started.map_err(|error| match error {
            thread::StartError::Thread(reason) => StartError::Thread(reason),
            thread::StartError::Model(Failed::Load(error)) => StartError::Load(error),
            thread::StartError::Model(Failed::Useless(reason)) => {
                StartError::Useless { model: model_name.clone(), reason }
            }
        })?;
        Ok(Self { handle: Arc::new(Handle { name: model_name, info, tokenizer, inbox: sender, thread }) })
    }

    /// The model's name in answers.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.handle.name
    }

    /// What is known of the model.
    #[must_use]
    pub fn model(&self) -> &ModelInfo {
        &self.handle.info
    }

    /// Whether it can still answer: not after [`Encoder::stop`], nor after its thread has died.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.handle.thread.is_alive()
    }

    /// Stops after the batch that is being computed: who waits is told [`EncodeError::Stopped`].
    pub fn stop(&self) {
        self.handle.thread.stop();
    }

    /// Resolves when the thread has ended and the model is freed: after [`Encoder::stop`], or when it has died. Holds no
    /// handle.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        self.handle.thread.ended()
    }

    pub(crate) fn thread(&self) -> &ModelThread {
        &self.handle.thread
    }

    #[cfg(feature = "embed")]
    pub(crate) fn tokenizer(&self) -> &Arc<dyn Tokenizer> {
        &self.handle.tokenizer
    }

    /// The vectors of these texts, in their order, each read with `prefix` before it. Dropping the future leaves the
    /// queue.
    ///
    /// # Errors
    /// A text is too long, or the encoder has stopped: then nothing is embedded. A text that the model can't embed fails
    /// alone.
    pub async fn encode(&self, prefix: String, texts: Vec<String>) -> Result<Vec<Encoded>, EncodeError> {
        self.read(move |tokenizer, max| tokenize(tokenizer, &prefix, &texts, max)).await
    }

    /// How well each text answers the query, by a model that ranks, in their order: one number each, on the model's scale.
    /// Of a text that is longer than the room beside the query, the beginning is read.
    ///
    /// # Errors
    /// The query takes more than half of the room, or the encoder has stopped: then nothing is read. A text that the model
    /// can't read fails alone.
    pub async fn rank(&self, query: String, texts: Vec<String>) -> Result<Vec<Encoded>, EncodeError> {
        self.read(move |tokenizer, max| pairs(tokenizer, &query, &texts, max)).await
    }

    /// What the model gives for what `tokenize` makes, which is told how many tokens may be read at once.
    async fn read(
        &self,
        tokenize: impl FnOnce(&dyn Tokenizer, usize) -> Result<Vec<Vec<i32>>, EncodeError> + Send + 'static,
    ) -> Result<Vec<Encoded>, EncodeError> {
        if !self.is_alive() {
            return Err(EncodeError::Stopped);
        }
        let Handle { tokenizer, inbox, thread, info, .. } = &*self.handle;
        let (tokenizer, max) = (Arc::clone(tokenizer), usize::try_from(info.context_tokens).unwrap_or(usize::MAX));
        // Off the runtime's threads: a quarter of a megabyte of text takes a while to tokenize.
        let tokenized = tokio::task::spawn_blocking(move || tokenize(&*tokenizer, max));
        let texts = tokenized.await.map_err(|_| EncodeError::Stopped)??;
        let counts: Vec<u32> = texts.iter().map(|text| u32::try_from(text.len()).unwrap_or(u32::MAX)).collect();
        let (answer, answered) = oneshot::channel();
        let ticket = Ticket { texts, answer, queued: Instant::now() };
        inbox.send(ticket).await.map_err(|_| EncodeError::Stopped)?;
        thread.wake();
        let vectors = answered.await.map_err(|_| EncodeError::Stopped)?;
        Ok(counts.into_iter().zip(vectors).map(|(tokens, vector)| Encoded { tokens, vector }).collect())
    }
}
