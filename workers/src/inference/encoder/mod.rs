//! The encoder: one embedding model, or one reranker, that many jobs share.
//!
//! [`Encoder`] is a cheap handle. Behind it one thread owns the model and computes batches of whole texts up to a budget
//! of tokens: texts of jobs that wait at the same moment are computed together, and jobs take turns. A caller that drops
//! its future leaves the queue: what it still wanted is not computed.
//!
//! - [`batch`]: what the next batch holds. - [`thread`]: the thread. - [`prefix`]: what models want before a text.
//! - `counter`: how long texts are, for who cuts documents.

use std::{path::PathBuf, sync::Arc, time::Instant};

use tokio::sync::{mpsc, oneshot, watch};

use crate::inference::{
    encoder::port::{Facts, Loader, Tokenizer},
    llama::{LlamaEmbedding, Pooling},
    waker::Switch,
};

mod batch;
mod error;
mod metrics;
pub mod port;
mod prefix;
mod thread;

pub use error::{EncodeError, NoVector, StartError};
pub use metrics::Metrics;
pub use prefix::Prefixes;

#[cfg(feature = "embed")]
mod counter;
#[cfg(feature = "embed")]
pub use counter::Counter;

use batch::{Room, Ticket, Vector};

/// Requests that may wait for the thread; more wait in [`Encoder::encode`] itself.
const QUEUE: usize = 256;

/// How to run a model.
#[derive(Debug, Clone)]
pub struct Options {
    /// A GGUF file.
    pub model_path: PathBuf,
    /// The model's name in answers.
    pub model_name: String,
    /// Tokens of the longest text; 0 takes the model's own, at most 2048.
    pub context_tokens: u32,
    /// Tokens of a batch of several texts.
    pub batch_tokens: u32,
    /// CPU threads; 0 takes the number of cores.
    pub threads: u32,
    /// Layers on the GPU; 0 is none.
    pub gpu_layers: u32,
    /// How a text's tokens become one vector.
    pub pooling: Pooling,
}

/// A running model. Clones are handles of the same one; it stops when the last is dropped.
#[derive(Clone)]
pub struct Encoder {
    handle: Arc<Handle>,
}

struct Handle {
    info: ModelInfo,
    tokenizer: Arc<dyn Tokenizer>,
    inbox: mpsc::Sender<Ticket>,
    switch: Arc<Switch>,
    ended: watch::Receiver<bool>,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("model", &self.handle.info).finish_non_exhaustive()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.switch.turn_off();
    }
}

/// What is known of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelInfo {
    /// The name in answers.
    pub name: String,
    /// Tokens of the longest text.
    pub context_tokens: u32,
    /// How long the texts were that it was trained with, in tokens, where its file says so.
    pub trained_tokens: Option<u32>,
    /// Numbers of each vector.
    pub dimensions: u32,
    /// Name, kind and size, for people.
    pub description: String,
    /// Number of weights.
    pub parameters: u64,
    /// The GPU that it runs on, if any of it does.
    pub gpu: Option<String>,
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
    /// Loads a GGUF model with llama.cpp on a thread of its own. Blocks until it is loaded.
    ///
    /// # Errors
    /// Says what is wrong with the file, and what to do.
    pub fn start(options: Options, metrics: Metrics) -> Result<Self, StartError> {
        let Options { model_path: path, model_name, context_tokens, batch_tokens, threads, gpu_layers, pooling } =
            options;
        // A text of eight tokens is a short one; for those that are shorter, more batches are no loss.
        let batch_texts = (batch_tokens / 8).clamp(1, 256);
        let loader = LlamaEmbedding { path, context_tokens, batch_tokens, batch_texts, threads, gpu_layers, pooling };
        Self::start_with(Box::new(loader), model_name, (batch_tokens, batch_texts), metrics)
    }

    /// Starts on any model that implements the port, with batches of so many tokens and texts. Blocks until it is loaded.
    ///
    /// # Errors
    /// As [`Encoder::start`].
    pub fn start_with(
        loader: Box<dyn Loader>,
        model_name: String,
        (batch_tokens, batch_texts): (u32, u32),
        metrics: Metrics,
    ) -> Result<Self, StartError> {
        let switch = Arc::new(Switch::default());
        let (sender, inbox) = mpsc::channel(QUEUE);
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX).max(1);
        let room = Room { tokens: size(batch_tokens), texts: size(batch_texts) };
        let work = thread::Work { switch: Arc::clone(&switch), inbox, room, metrics };
        let thread::Started { facts, tokenizer, ended } = thread::start(loader, work, &model_name)?;
        let Facts { description, parameters, context_tokens, trained_tokens, dimensions, gpu, ranks: _ } = facts;
        let name = model_name;
        let info = ModelInfo { name, context_tokens, trained_tokens, dimensions, description, parameters, gpu };
        Ok(Self { handle: Arc::new(Handle { info, tokenizer, inbox: sender, switch, ended }) })
    }

    /// What is known of the model.
    #[must_use]
    pub fn model(&self) -> &ModelInfo {
        &self.handle.info
    }

    /// Whether it can still answer: not after [`Encoder::stop`], nor after its thread has died.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !*self.handle.ended.borrow() && !self.handle.switch.is_off()
    }

    /// Stops after the batch that is being computed: who waits is told [`EncodeError::Stopped`].
    pub fn stop(&self) {
        self.handle.switch.turn_off();
    }

    /// Resolves when the thread has ended and the model is freed: after [`Encoder::stop`], or when it has died. Holds no
    /// handle.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut ended = self.handle.ended.clone();
        async move {
            // An error means that the thread has gone too.
            let _ = ended.wait_for(|ended| *ended).await;
        }
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
        let Handle { tokenizer, inbox, switch, info, .. } = &*self.handle;
        let (tokenizer, max) = (Arc::clone(tokenizer), usize::try_from(info.context_tokens).unwrap_or(usize::MAX));
        // Off the runtime's threads: a quarter of a megabyte of text takes a while to tokenize.
        let tokenized = tokio::task::spawn_blocking(move || tokenize(&*tokenizer, max));
        let texts = tokenized.await.map_err(|_| EncodeError::Stopped)??;
        let counts: Vec<u32> = texts.iter().map(|text| u32::try_from(text.len()).unwrap_or(u32::MAX)).collect();
        let (answer, answered) = oneshot::channel();
        let ticket = Ticket { texts, answer, came: Instant::now() };
        inbox.send(ticket).await.map_err(|_| EncodeError::Stopped)?;
        switch.wake();
        let vectors = answered.await.map_err(|_| EncodeError::Stopped)?;
        Ok(counts.into_iter().zip(vectors).map(|(tokens, vector)| Encoded { tokens, vector }).collect())
    }
}

/// The tokens of each text.
fn tokenize(
    tokenizer: &dyn Tokenizer,
    prefix: &str,
    texts: &[String],
    max: usize,
) -> Result<Vec<Vec<i32>>, EncodeError> {
    let mut tokenized = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let tokens = match prefix.is_empty() {
            true => tokenizer.tokenize(text),
            false => tokenizer.tokenize(&format!("{prefix}{text}")),
        };
        match tokens.len() {
            0 => return Err(EncodeError::NoTokens { index }),
            tokens if tokens > max => return Err(EncodeError::TooLong { index, tokens, max }),
            _ => tokenized.push(tokens),
        }
    }
    Ok(tokenized)
}

/// The tokens of each pair of query and text.
fn pairs(tokenizer: &dyn Tokenizer, query: &str, texts: &[String], max: usize) -> Result<Vec<Vec<i32>>, EncodeError> {
    let query = tokenizer.plain(query);
    let room = max.saturating_sub(tokenizer.pair(&[], &[]).len());
    if query.len() > room / 2 {
        return Err(EncodeError::LongQuery { tokens: query.len(), max: room / 2 });
    }
    let room = room - query.len();
    let pair = |text: &String| {
        let mut text = tokenizer.plain(text);
        text.truncate(room);
        tokenizer.pair(&query, &text)
    };
    Ok(texts.iter().map(pair).collect())
}

/// What becomes of the model's numbers: a vector of length 1, or the number of a pair as it is.
fn finish(ranks: bool, numbers: Vec<f32>) -> Vector {
    match ranks {
        false => normalize(numbers),
        true if numbers.iter().all(|number| number.is_finite()) => Ok(numbers),
        true => Err(NoVector::NoNumbers),
    }
}

/// The first numbers of a vector, with length 1 again (Matryoshka representations: Kusupati et al., 2022).
///
/// # Errors
/// These numbers have no direction.
pub fn cut(mut vector: Vec<f32>, dimensions: u32) -> Result<Vec<f32>, NoVector> {
    let dimensions = usize::try_from(dimensions).unwrap_or(usize::MAX);
    if vector.len() <= dimensions {
        return Ok(vector);
    }
    vector.truncate(dimensions);
    normalize(vector)
}

/// The vector with length 1.
fn normalize(mut vector: Vec<f32>) -> Result<Vec<f32>, NoVector> {
    let length = vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
    if !length.is_finite() || length <= f64::from(f32::MIN_POSITIVE) {
        return Err(NoVector::NoNumbers);
    }
    for number in &mut vector {
        // Between -1 and 1: what a float loses of it does not matter.
        *number = (f64::from(*number) / length) as f32;
    }
    Ok(vector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_have_length_one_also_when_cut() {
        assert_eq!(normalize(vec![3.0, 4.0]), Ok(vec![0.6, 0.8]));
        assert_eq!(cut(vec![0.0, 0.6, 0.8], 2), Ok(vec![0.0, 1.0]));
        assert_eq!(cut(vec![0.6, 0.8], 2), Ok(vec![0.6, 0.8]));
        assert_eq!(normalize(vec![f32::MAX, f32::MAX]).map(|vector| vector.len()), Ok(2));
    }

    #[test]
    fn what_has_no_direction_is_no_vector() {
        for vector in [vec![f32::NAN, 1.0], vec![f32::INFINITY, 1.0], vec![0.0, 0.0], vec![]] {
            assert_eq!(normalize(vector), Err(NoVector::NoNumbers));
        }
        assert_eq!(cut(vec![0.0, 1.0], 1), Err(NoVector::NoNumbers));
    }
}
