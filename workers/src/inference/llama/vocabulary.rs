//! llama.cpp's tokenizer behind the port. The model is immutable, so every thread may use it.

use std::sync::Arc;

use llama_cpp_2::{model::LlamaModel, token::LlamaToken};

use crate::inference::engine::port::Vocabulary;

pub(super) struct LlamaVocabulary {
    model: Arc<LlamaModel>,
    size: i32,
    begin: Option<i32>,
    controls: Vec<String>,
}

impl LlamaVocabulary {
    pub(super) fn new(model: Arc<LlamaModel>) -> Self {
        let vocab = model.vocab();
        let size = vocab.n_tokens();
        let begin = vocab.bos().0;
        let begin = (vocab.should_add_bos() && (0..size).contains(&begin)).then_some(begin);
        let controls = vocab
            .tokens()
            .filter(|&token| vocab.is_control(token) || vocab.is_eog(token))
            .map(|token| String::from_utf8_lossy(&vocab.token_to_piece(token, true, None)).into_owned())
            .filter(|text| !text.is_empty())
            .collect();
        Self { model, size, begin, controls }
    }

    /// The text of a control token, or empty if the model has none.
    pub(super) fn text_of(&self, token: LlamaToken) -> String {
        if !(0..self.size).contains(&token.0) {
            return String::new();
        }
        String::from_utf8_lossy(&self.model.vocab().token_to_piece(token, true, None)).into_owned()
    }
}

impl Vocabulary for LlamaVocabulary {
    fn tokenize(&self, text: &str, controls: bool) -> Vec<i32> {
        self.model.vocab().tokenize(text.as_bytes(), false, controls).into_iter().map(|token| token.0).collect()
    }

    fn piece(&self, token: i32, into: &mut Vec<u8>) {
        if (0..self.size).contains(&token) {
            self.model.vocab().token_to_piece_into(LlamaToken(token), into, false, None);
        }
    }

    fn is_end(&self, token: i32) -> bool {
        (0..self.size).contains(&token) && self.model.vocab().is_eog(LlamaToken(token))
    }

    fn begin(&self) -> Option<i32> {
        self.begin
    }

    fn controls(&self) -> &[String] {
        &self.controls
    }
}
