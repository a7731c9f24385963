//! How long a text is to the model.

use std::sync::Arc;

use crate::{
    inference::encoder::{Encoder, port::Tokenizer},
    text::chunks::Count,
};

/// Counts tokens as a model does, on any thread.
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

    /// How many tokens the model puts around each text.
    pub(super) fn marks(&self) -> usize {
        self.marks
    }
}

impl Count for Counter {
    fn count(&self, text: &str) -> usize {
        self.tokenizer.plain(text).len()
    }
}
