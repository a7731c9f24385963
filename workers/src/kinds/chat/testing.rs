//! The model of unit tests.

pub(in crate::kinds::chat) mod answerable;
pub(in crate::kinds::chat) mod fresh;
pub(in crate::kinds::chat) mod held_back;
pub(in crate::kinds::chat) mod newcomer;

use std::path::PathBuf;

use crate::inference::{
    engine::Engine,
    llama::{EngineOptions, start_engine},
};

/// The demo model, with a context of 512 tokens.
pub(in crate::kinds::chat) fn engine() -> Engine {
    engine_with(512)
}

/// As [`engine`], with a context of this many tokens.
pub(super) fn engine_with(context_tokens: u32) -> Engine {
    start_engine(EngineOptions {
        model_path: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/models/tiny/tiny-chat.gguf")),
        model_name: "tiny-chat-demo".to_owned(),
        slots: 1,
        context_tokens,
        prompt_chunk: 64,
        threads: 1,
        gpu_layers: 0,
    })
    .expect("the tiny model")
}
