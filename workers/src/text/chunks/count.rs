//! Counts the tokens of a text.

pub trait Count {
    /// Number of tokens, without the special tokens that the model adds.
    fn count(&self, text: &str) -> usize;
}
