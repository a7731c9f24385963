//! A language model behind the engine's port. One context has a separate KV cache per sequence (not "unified"), so
//! that a long conversation neither starves nor slows the others. The model is loaded, used and freed on the engine's
//! thread, because a context can't move between threads.

use std::{num::NonZeroU32, path::PathBuf, sync::Arc};

use llama_cpp_2::{context::params::LlamaContextParams, model::LlamaModel};

use super::{
    decoder::LlamaDecoder,
    load::{self, ModelFile},
    vocabulary::LlamaVocabulary,
};
use crate::inference::engine::port::{Body, LoadError, Loader, ModelInfo};

/// Upper bound of the context taken from the model by default.
pub(super) const DEFAULT_CONTEXT: u32 = 8192;
/// Rows per micro-batch; llama.cpp splits larger batches.
const MICRO_BATCH: u32 = 512;

#[derive(Debug, Clone)]
pub struct Llama {
    pub path: PathBuf,
    /// Concurrent sequences: 1 to 256.
    pub slots: u32,
    /// Per sequence; 0 takes the model's own, at most [`DEFAULT_CONTEXT`].
    pub context_tokens: u32,
    pub batch: u32,
    /// CPU threads; 0 takes the number of cores.
    pub threads: u32,
    pub gpu_layers: u32,
    /// The widest gap between busy sequences that is bridged with rows for idle ones, so that the batch needs one
    /// pass. For GPUs, where a row costs little compared to a pass over all weights; 0 on CPUs, where bridging took
    /// 1.15 to 1.5 times as long (measured on the tiny model).
    pub bridge: u32,
}

impl Loader for Llama {
    fn run(self: Box<Self>, body: Body<'_>) -> Result<(), LoadError> {
        let file = ModelFile { path: &self.path, section: "chat", gpu_layers: self.gpu_layers };
        let (backend, model) = file.load()?;
        let refused = |reason: String| file.refused(reason);
        let trained = model.n_ctx_train();
        let context_tokens = match self.context_tokens {
            0 => trained.clamp(1, DEFAULT_CONTEXT),
            asked => asked,
        };
        if context_tokens > trained {
            return Err(refused(format!(
                "chat.context_tokens = {context_tokens}, but the model was trained for {trained}: set it to 0 to {trained}"
            )));
        }
        let context = model.new_context(backend, self.context_params(context_tokens)).map_err(|error| {
            let tokens = u64::from(context_tokens) * u64::from(self.slots);
            refused(format!(
                "{error}: {} slots of {context_tokens} tokens ({tokens} in all) may need more memory than there is; \
                 lower chat.slots or chat.context_tokens",
                self.slots
            ))
        })?;
        let vocabulary = Arc::new(LlamaVocabulary::new(Arc::clone(&model)));
        let gpu = file.gpu();
        let info = ModelInfo { gpu, ..describe(&model, &vocabulary, context_tokens) };
        // These models can't drop a part of a sequence, so bridging rows could not be removed.
        let bridge = if model.is_recurrent() || model.is_hybrid() { 0 } else { self.bridge };
        let mut decoder = LlamaDecoder::new(context, (self.slots, self.batch), context_tokens, bridge);
        body(info, vocabulary, &mut decoder);
        Ok(())
    }
}

impl Llama {
    fn context_params(&self, context_tokens: u32) -> LlamaContextParams {
        let threads = load::threads(self.threads);
        // Plus bridging rows: at most one per slot.
        let batch = self.batch + self.slots;
        LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(context_tokens.next_multiple_of(256).saturating_mul(self.slots)))
            .with_n_seq_max(self.slots)
            .with_kv_unified(false)
            .with_n_batch(batch)
            .with_n_ubatch(batch.min(MICRO_BATCH))
            .with_n_threads(threads)
            .with_n_threads_batch(threads)
            .with_no_perf(true)
    }
}

fn describe(model: &LlamaModel, vocabulary: &LlamaVocabulary, context_tokens: u32) -> ModelInfo {
    let template = model.chat_template(None).ok().and_then(|template| template.to_string().ok());
    ModelInfo {
        description: load::description(model),
        parameters: model.n_params(),
        context_tokens,
        vocabulary: usize::try_from(model.n_vocab()).unwrap_or(0),
        template: template.filter(|template| !template.trim().is_empty()),
        bos: vocabulary.text_of(model.vocab().bos()),
        eos: vocabulary.text_of(model.vocab().eos()),
        gpu: None,
    }
}
