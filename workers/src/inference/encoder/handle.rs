//! The handle of an embedding model or a reranker: starts its thread, and queues requests.

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

/// Capacity of the thread's queue; further requests wait in [`Encoder::encode`].
const QUEUE: usize = 256;

/// A running model. Cheap to clone; the model stops when the last clone is dropped.
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

#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// With the model's special tokens.
    pub tokens: u32,
    /// Of length 1; for a query-text pair, the score alone.
    pub vector: Result<Vec<f32>, NoVector>,
}

impl Encoder {
    /// Starts a model with batches limited in tokens and texts. Blocks until it is loaded. Errors say what is wrong
    /// with the file, and what to do.
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

    /// As reported in answers.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.handle.name
    }

    #[must_use]
    pub fn model(&self) -> &ModelInfo {
        &self.handle.info
    }

    /// False after [`Encoder::stop`], or when the thread has died.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.handle.thread.is_alive()
    }

    /// Stops after the current batch; waiting callers get [`EncodeError::Stopped`].
    pub fn stop(&self) {
        self.handle.thread.stop();
    }

    /// Resolves when the thread has ended and the model is freed: after [`Encoder::stop`], or when it has died. Does
    /// not keep the model running.
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

    /// Embeds texts, in order, each preceded by `prefix`. Dropping the future cancels the request.
    ///
    /// Fails as a whole if a text is too long or the encoder has stopped. A text that the model can't embed fails
    /// alone.
    pub async fn encode(&self, prefix: String, texts: Vec<String>) -> Result<Vec<Encoded>, EncodeError> {
        self.read(move |tokenizer, max| tokenize(tokenizer, &prefix, &texts, max)).await
    }

    /// Scores texts against a query with a reranker, in order, on the model's own scale. A text that does not fit
    /// beside the query is truncated.
    ///
    /// Fails as a whole if the query takes more than half of the context or the encoder has stopped. A text that the
    /// model can't read fails alone.
    pub async fn rank(&self, query: String, texts: Vec<String>) -> Result<Vec<Encoded>, EncodeError> {
        self.read(move |tokenizer, max| pairs(tokenizer, &query, &texts, max)).await
    }

    /// Runs `tokenize`, which gets the token limit of a text, and queues its result.
    async fn read(
        &self,
        tokenize: impl FnOnce(&dyn Tokenizer, usize) -> Result<Vec<Vec<i32>>, EncodeError> + Send + 'static,
    ) -> Result<Vec<Encoded>, EncodeError> {
        if !self.is_alive() {
            return Err(EncodeError::Stopped);
        }
        let Handle { tokenizer, inbox, thread, info, .. } = &*self.handle;
        let (tokenizer, max) = (Arc::clone(tokenizer), usize::try_from(info.context_tokens).unwrap_or(usize::MAX));
        // Tokenizing 256 KB of text would block the runtime.
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
