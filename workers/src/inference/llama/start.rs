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

/// Idle sequences that a decode on a GPU reads to stay in one pass; see [`Llama::bridge`].
#[cfg(feature = "chat")]
const GPU_BRIDGE: u32 = 8;

#[cfg(feature = "chat")]
#[derive(Debug, Clone)]
pub struct EngineOptions {
    pub model_path: PathBuf,
    /// As reported in answers.
    pub model_name: String,
    /// Concurrent sequences: 1 to 256.
    pub slots: u32,
    /// Per slot, prompt and answer together; 0 takes the model's own, at most 8192.
    pub context_tokens: u32,
    /// Prompt tokens per decode, over all sequences: 1 to 8192.
    pub prompt_chunk: u32,
    /// CPU threads; 0 takes the number of cores.
    pub threads: u32,
    pub gpu_layers: u32,
}

/// Loads a GGUF model on its own thread. Blocks until it is loaded. Fails like [`Engine::start`].
#[cfg(feature = "chat")]
pub fn start_engine(options: EngineOptions) -> Result<Engine, engine::StartError> {
    let EngineOptions { model_path: path, model_name, slots, context_tokens, prompt_chunk, threads, gpu_layers } =
        options;
    let batch = slots.saturating_add(prompt_chunk);
    let bridge = if gpu_layers > 0 { GPU_BRIDGE } else { 0 };
    let loader = Llama { path, slots, context_tokens, batch, threads, gpu_layers, bridge };
    Engine::start(Box::new(loader), model_name, slots, prompt_chunk)
}

#[cfg(any(feature = "embed", feature = "rerank"))]
#[derive(Debug, Clone)]
pub struct EncoderOptions {
    pub model_path: PathBuf,
    /// As reported in answers.
    pub model_name: String,
    /// Limit of a text; 0 takes the model's own, at most 2048.
    pub context_tokens: u32,
    /// Limit of a batch of several texts.
    pub batch_tokens: u32,
    /// CPU threads; 0 takes the number of cores.
    pub threads: u32,
    pub gpu_layers: u32,
    pub pooling: Pooling,
}

/// Loads a GGUF model on its own thread. Blocks until it is loaded. Fails like [`Encoder::start`].
#[cfg(any(feature = "embed", feature = "rerank"))]
pub fn start_encoder(options: EncoderOptions, metrics: Metrics) -> Result<Encoder, encoder::StartError> {
    let EncoderOptions { model_path: path, model_name, context_tokens, batch_tokens, threads, gpu_layers, pooling } =
        options;
    // Assumes texts of at least eight tokens; shorter ones only make more batches.
    let batch_texts = (batch_tokens / 8).clamp(1, 256);
    let loader = LlamaEmbedding { path, context_tokens, batch_tokens, batch_texts, threads, gpu_layers, pooling };
    Encoder::start(Box::new(loader), model_name, (batch_tokens, batch_texts), metrics)
}
