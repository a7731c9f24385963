//! Counts the tokens of a text.

use std::sync::Arc;

use crate::{
    inference::encoder::{Encoder, port::Tokenizer},
    text::chunks::Count,
};

/// Counts with the model's tokenizer, on any thread.
#[derive(Clone)]
pub(super) struct Counter {
    tokenizer: Arc<dyn Tokenizer>,
    marks: usize,
}

impl Counter {
    pub(super) fn of(encoder: &Encoder) -> Self {
        let tokenizer = Arc::clone(encoder.tokenizer());
        let marks = tokenizer.tokenize("").len();
        Self { tokenizer, marks }
    }

    /// The number of tokens that the model adds around each text.
    pub(super) fn marks(&self) -> usize {
        self.marks
    }
}

impl Count for Counter {
    fn count(&self, text: &str) -> usize {
        self.tokenizer.plain(text).len()
    }
}
