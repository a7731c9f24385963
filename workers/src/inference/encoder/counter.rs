//! How long a text is to the model.

use std::sync::Arc;

use super::Encoder;
use crate::{inference::encoder::port::Tokenizer, text::chunks::Count};

/// Counts tokens as a model does.
#[derive(Clone)]
pub struct Counter {
    tokenizer: Arc<dyn Tokenizer>,
    marks: usize,
}

impl Counter {
    /// How many tokens the model puts around each text.
    #[must_use]
    pub fn marks(&self) -> usize {
        self.marks
    }
}

impl Count for Counter {
    fn count(&self, text: &str) -> usize {
        self.tokenizer.plain(text).len()
    }
}

impl Encoder {
    /// What counts tokens as the model does, on any thread.
    #[must_use]
    pub fn counter(&self) -> Counter {
        let tokenizer = Arc::clone(&self.handle.tokenizer);
        let marks = tokenizer.tokenize("").len();
        Counter { tokenizer, marks }
    }
}
