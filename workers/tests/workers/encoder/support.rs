//! A model of thirty lines: a text's vector tells how many tokens it has and what they are.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use ruche_workers::inference::encoder::{
    Encoder, Metrics, StartError,
    port::{BatchError, Body, LoadError, Loader, Model, ModelInfo, Tokenizer},
};

/// What a test sees of the model, and does to it.
#[derive(Default)]
pub(crate) struct Script {
    /// The texts of each batch so far, as they were asked for.
    pub(crate) batches: Mutex<Vec<Vec<String>>>,
    /// Whether batches wait.
    pub(crate) held: Mutex<bool>,
    pub(crate) released: Condvar,
}

impl Script {
    /// Lets batches wait, or go on.
    pub(crate) fn hold(&self, held: bool) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = held;
        self.released.notify_all();
    }

    /// The texts of each batch so far. The first is the one that the encoder tries the model out with.
    pub(crate) fn seen(&self) -> Vec<Vec<String>> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Starts an encoder with batches of so many tokens, and texts of at most 100.
pub(crate) fn start(script: &Arc<Script>, batch_tokens: u32) -> (Encoder, Metrics) {
    let metrics = Metrics::default();
    (try_start(script, 3, batch_tokens, metrics.clone()).expect("an encoder"), metrics)
}

/// With a model that says its vectors have so many numbers: they have three.
pub(crate) fn try_start(
    script: &Arc<Script>,
    dimensions: u32,
    batch_tokens: u32,
    metrics: Metrics,
) -> Result<Encoder, StartError> {
    let loader = Counter(Arc::clone(script), dimensions);
    Encoder::start(Box::new(loader), "counter".to_owned(), (batch_tokens, 64), metrics)
}

struct Counter(Arc<Script>, u32);

impl Loader for Counter {
    fn run(self: Box<Self>, body: Body<'_>) -> Result<(), LoadError> {
        let facts = ModelInfo { context_tokens: 100, dimensions: self.1, ..ModelInfo::default() };
        body(facts, Arc::new(Characters), &mut Counting(self.0));
        Ok(())
    }
}

/// A token a character; `~` is none.
struct Characters;

impl Tokenizer for Characters {
    fn tokenize(&self, text: &str) -> Vec<i32> {
        text.chars().filter(|c| *c != '~').map(|c| c as i32).collect()
    }

    fn plain(&self, text: &str) -> Vec<i32> {
        self.tokenize(text)
    }

    fn pair(&self, query: &[i32], text: &[i32]) -> Vec<i32> {
        [query, &['|' as i32], text].concat()
    }
}

struct Counting(Arc<Script>);

impl Model for Counting {
    /// `!` fails the batch, `?` is a vector without numbers, `#` panics.
    fn encode(&mut self, texts: &[&[i32]]) -> Result<Vec<Vec<f32>>, BatchError> {
        let held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.released.wait_while(held, |held| *held).unwrap_or_else(PoisonError::into_inner));
        let text = |tokens: &&[i32]| tokens.iter().filter_map(|c| char::from_u32(*c as u32)).collect::<String>();
        let texts: Vec<String> = texts.iter().map(text).collect();
        self.0.batches.lock().unwrap_or_else(PoisonError::into_inner).push(texts.clone());
        assert!(!texts.iter().any(|text| text.contains('#')), "the model panics, as it was told");
        if texts.iter().any(|text| text.contains('!')) {
            return Err(BatchError("as it was told".to_owned()));
        }
        let vector = |text: &String| match text.contains('?') {
            true => vec![f32::NAN; 3],
            false => vec![text.chars().count() as f32, text.chars().next().map_or(0.0, |c| c as u32 as f32), 0.0],
        };
        Ok(texts.iter().map(vector).collect())
    }
}

/// Waits until something holds that another thread brings about.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), wait).await.expect("it happens within 30 s");
}
