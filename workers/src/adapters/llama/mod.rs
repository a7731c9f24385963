//! llama.cpp behind the engine's port.
//!
//! One context holds all sequences, each with cells of its own (not "unified"), so that a long conversation
//! neither starves nor slows the others. The model is loaded, used and freed on the engine's thread, because a
//! context can't move between threads.

use std::{num::NonZeroU32, path::PathBuf, sync::Arc, sync::OnceLock};

use llama_cpp_2::{
    LogOptions,
    context::params::LlamaContextParams,
    list_llama_ggml_backend_devices,
    llama_backend::LlamaBackend,
    model::{LlamaModel, params::LlamaModelParams},
    send_logs_to_tracing,
};

use crate::ports::engine::{Body, Facts, LoadError, Loader};

mod decoder;
mod devices;
mod vocabulary;

use decoder::LlamaDecoder;
use vocabulary::LlamaVocabulary;

/// The most tokens of context that are taken from the model where none are asked for.
pub const DEFAULT_CONTEXT: u32 = 8192;
/// Rows that llama.cpp computes at once; larger batches are cut by it.
const MICRO_BATCH: u32 = 512;

/// A GGUF file, and how to run it.
#[derive(Debug, Clone)]
pub struct Llama {
    /// The GGUF file.
    pub path: PathBuf,
    /// Sequences at once: 1 to 256.
    pub slots: u32,
    /// Tokens per sequence; 0 takes the model's own, at most [`DEFAULT_CONTEXT`].
    pub context_tokens: u32,
    /// The most rows of one decode.
    pub batch: u32,
    /// CPU threads; 0 takes the number of cores.
    pub threads: u32,
    /// Layers on the GPU.
    pub gpu_layers: u32,
    /// The widest gap between busy sequences that is bridged with rows for the idle ones in it, so that the batch is
    /// computed in one pass. For GPUs, where a row costs little beside a pass over all weights; 0 on CPUs, where
    /// it cost more than it saved (measured on the tiny model: 1.15 to 1.5 times the time).
    pub bridge: u32,
}

impl Loader for Llama {
    fn run(self: Box<Self>, body: Body<'_>) -> Result<(), LoadError> {
        check_processor()?;
        let path = self.path.display().to_string();
        let refused = |reason: String| LoadError::Refused { path: path.clone(), reason };
        check_file(&self.path)?;
        let backend = backend().as_ref().map_err(|error| refused(error.clone()))?;
        let parameters = LlamaModelParams::default().with_n_gpu_layers(self.gpu_layers);
        let model = LlamaModel::load_from_file(backend, &self.path, &parameters).map_err(|error| {
            refused(format!("{error}; llama.cpp's own words are in the log above, most often it is no whole GGUF file"))
        })?;
        let model = Arc::new(model);
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
        let gpu = devices::gpu(&list_llama_ggml_backend_devices(), self.gpu_layers);
        if gpu.is_none() && self.gpu_layers > 0 {
            let layers = self.gpu_layers;
            tracing::warn!(
                chat.gpu_layers = layers,
                "no GPU is found, or this build has no support for it: using the CPU"
            );
        }
        let facts = Facts { gpu, ..facts(&model, &vocabulary, context_tokens) };
        // These can't forget a part of a sequence, so nothing can be read on trial.
        let bridge = if model.is_recurrent() || model.is_hybrid() { 0 } else { self.bridge };
        let mut decoder = LlamaDecoder::new(context, (self.slots, self.batch), context_tokens, bridge);
        body(facts, vocabulary, &mut decoder);
        Ok(())
    }
}

impl Llama {
    fn context_params(&self, context_tokens: u32) -> LlamaContextParams {
        let cores = || std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1));
        let threads = if self.threads == 0 { cores() } else { self.threads };
        let threads = i32::try_from(threads.clamp(1, 512)).unwrap_or(1);
        // Rows that only bridge gaps between sequences come on top: at most one a slot.
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

fn facts(model: &LlamaModel, vocabulary: &LlamaVocabulary, context_tokens: u32) -> Facts {
    let template = model.chat_template(None).ok().and_then(|template| template.to_string().ok());
    Facts {
        description: description(model),
        parameters: model.n_params(),
        context_tokens,
        vocabulary: usize::try_from(model.n_vocab()).unwrap_or(0),
        template: template.filter(|template| !template.trim().is_empty()),
        bos: vocabulary.text_of(model.vocab().bos()),
        eos: vocabulary.text_of(model.vocab().eos()),
        gpu: None,
    }
}

fn description(model: &LlamaModel) -> String {
    let value = |key: &str| model.meta_val_str(key).unwrap_or_default();
    let name = value("general.name");
    let architecture = value("general.architecture");
    let megabytes = model.size() / 1_000_000;
    format!("{name} ({architecture}, {megabytes} MB)").trim().to_owned()
}

/// llama.cpp's state of the process: made once, never freed.
fn backend() -> &'static Result<LlamaBackend, String> {
    static BACKEND: OnceLock<Result<LlamaBackend, String>> = OnceLock::new();
    BACKEND.get_or_init(|| {
        send_logs_to_tracing(LogOptions::default());
        LlamaBackend::init().map_err(|error| error.to_string())
    })
}

fn check_file(path: &std::path::Path) -> Result<(), LoadError> {
    let unreadable = |reason: String| LoadError::Unreadable { path: path.display().to_string(), reason };
    let file = std::fs::File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let facts = file.metadata().map_err(|error| unreadable(error.to_string()))?;
    if facts.is_file() { Ok(()) } else { Err(unreadable("it is not a file".to_owned())) }
}

/// A processor without these would stop the process with an illegal instruction.
#[cfg(target_arch = "x86_64")]
fn check_processor() -> Result<(), LoadError> {
    let wanted = [
        ("AVX2", std::is_x86_feature_detected!("avx2")),
        ("FMA", std::is_x86_feature_detected!("fma")),
        ("F16C", std::is_x86_feature_detected!("f16c")),
        ("BMI2", std::is_x86_feature_detected!("bmi2")),
    ];
    let missing: Vec<_> = wanted.iter().filter(|(_, found)| !found).map(|(name, _)| *name).collect();
    if missing.is_empty() { Ok(()) } else { Err(LoadError::Processor { missing: missing.join(", ") }) }
}

#[cfg(not(target_arch = "x86_64"))]
fn check_processor() -> Result<(), LoadError> {
    Ok(())
}
