//! Starts an engine or an encoder on a GGUF file.

use std::path::PathBuf;

#[cfg(any(feature = "embed", feature = "rerank"))]
use super::encoder::{LlamaEmbedding, Pooling};
#[cfg(feature = "chat")]
use super::generator::Llama;
#[cfg(any(feature = "embed", feature = "rerank"))]
use crate::inference::encoder::{self, Encoder, Metrics};
#[cfg(feature = "chat")]
use crate::inference::engine::{self, Engine};

/// Idle sequences that a decode on a GPU reads along to stay in one pass; see [`Llama::bridge`].
#[cfg(feature = "chat")]
const GPU_BRIDGE: u32 = 8;

/// How to run a language model.
#[cfg(feature = "chat")]
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// A GGUF file.
    pub model_path: PathBuf,
    /// The model's name in answers.
    pub model_name: String,
    /// Sequences at once: 1 to 256.
    pub slots: u32,
    /// Tokens of context per slot, prompt and answer together; 0 takes the model's own, at most 8192.
    pub context_tokens: u32,
    /// Prompt tokens per decode, all sequences together: 1 to 8192.
    pub prompt_chunk: u32,
    /// CPU threads; 0 takes the number of cores.
    pub threads: u32,
    /// Layers on the GPU; 0 is none.
    pub gpu_layers: u32,
}

/// Loads a GGUF model on a thread of its own. Blocks until it is loaded.
///
/// # Errors
/// As [`Engine::start`].
#[cfg(feature = "chat")]
pub fn start_engine(options: EngineOptions) -> Result<Engine, engine::StartError> {
    let EngineOptions { model_path: path, model_name, slots, context_tokens, prompt_chunk, threads, gpu_layers } =
        options;
    let batch = slots.saturating_add(prompt_chunk);
    let bridge = if gpu_layers > 0 { GPU_BRIDGE } else { 0 };
    let loader = Llama { path, slots, context_tokens, batch, threads, gpu_layers, bridge };
    Engine::start(Box::new(loader), model_name, slots, prompt_chunk)
}

/// How to run an embedding model or a reranker.
#[cfg(any(feature = "embed", feature = "rerank"))]
#[derive(Debug, Clone)]
pub struct EncoderOptions {
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

/// Loads a GGUF model on a thread of its own. Blocks until it is loaded.
///
/// # Errors
/// As [`Encoder::start`].
#[cfg(any(feature = "embed", feature = "rerank"))]
pub fn start_encoder(options: EncoderOptions, metrics: Metrics) -> Result<Encoder, encoder::StartError> {
    let EncoderOptions { model_path: path, model_name, context_tokens, batch_tokens, threads, gpu_layers, pooling } =
        options;
    // A text of eight tokens is a short one; for those that are shorter, more batches are no loss.
    let batch_texts = (batch_tokens / 8).clamp(1, 256);
    let loader = LlamaEmbedding { path, context_tokens, batch_tokens, batch_texts, threads, gpu_layers, pooling };
    Encoder::start(Box::new(loader), model_name, (batch_tokens, batch_texts), metrics)
}
