//! A scripted model: a text's vector has its number of tokens and its first token.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use ruche_workers::inference::encoder::{
    Encoder, Metrics, StartError,
    port::{BatchError, Body, LoadError, Loader, Model, ModelInfo, Tokenizer},
};

#[derive(Default)]
pub(crate) struct Script {
    /// The texts of each batch so far, in the order of the requests.
    pub(crate) batches: Mutex<Vec<Vec<String>>>,
    pub(crate) paused: Mutex<bool>,
    pub(crate) released: Condvar,
}

impl Script {
    /// Blocks batches, or releases them.
    pub(crate) fn pause(&self, paused: bool) {
        *self.paused.lock().unwrap_or_else(PoisonError::into_inner) = paused;
        self.released.notify_all();
    }

    /// The first batch is the encoder's self-test at start.
    pub(crate) fn seen(&self) -> Vec<Vec<String>> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// An encoder with batches of so many tokens, and texts of at most 100.
pub(crate) fn start(script: &Arc<Script>, batch_tokens: u32) -> (Encoder, Metrics) {
    let metrics = Metrics::default();
    (try_start(script, 3, batch_tokens, metrics.clone()).expect("an encoder"), metrics)
}

/// The model claims vectors of `dimensions` numbers, but they have three.
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

/// One token per character; `~` gives none.
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
    /// `!` fails the batch, `?` gives a vector of NaN, `#` panics.
    fn encode(&mut self, texts: &[&[i32]]) -> Result<Vec<Vec<f32>>, BatchError> {
        let paused = self.0.paused.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.released.wait_while(paused, |paused| *paused).unwrap_or_else(PoisonError::into_inner));
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
