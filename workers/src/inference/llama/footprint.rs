//! The memory that a model and its conversations need, read from a GGUF file before it is loaded. Keys and types are
//! those of the GGUF specification.

use std::path::Path;

use llama_cpp_2::{LlamaBackendDeviceType, gguf::GgufContext, list_llama_ggml_backend_devices};

use super::{generator::DEFAULT_CONTEXT, load};

/// Of a value in the specification.
const UINT32: u32 = 4;
const STRING: u32 = 8;
/// A number of the KV cache, 16-bit.
const NUMBER_BYTES: u64 = 2;

/// In bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    pub weights: u64,
    /// The KV cache of one conversation.
    pub conversation: u64,
}

/// `None` if the file can't be read, or if its model has no plain KV cache. `context_tokens` as for the engine.
#[must_use]
pub fn footprint(path: &Path, context_tokens: u32) -> Option<Footprint> {
    let weights = path.metadata().ok()?.len();
    let file = GgufContext::from_file(path)?;
    let architecture = text(&file, "general.architecture")?;
    let number = |key: &str| number(&file, &format!("{architecture}.{key}"));
    let (layers, heads) = (number("block_count")?, number("attention.head_count")?);
    let kv_heads = number("attention.head_count_kv").unwrap_or(heads);
    let plain = number("embedding_length")? / heads.max(1);
    let [key, value] = ["attention.key_length", "attention.value_length"].map(|key| number(key).unwrap_or(plain));
    let tokens = match u64::from(context_tokens) {
        0 => number("context_length")?.clamp(1, u64::from(DEFAULT_CONTEXT)),
        asked => asked,
    };
    let token = layers.checked_mul(kv_heads)?.checked_mul(key.checked_add(value)?)?.checked_mul(NUMBER_BYTES)?;
    Some(Footprint { weights, conversation: token.checked_mul(tokens)? })
}

/// The free memory of the GPUs that layers go to; `None` without one.
#[must_use]
pub fn gpu_memory() -> Option<u64> {
    load::backend().as_ref().ok()?;
    let devices = list_llama_ggml_backend_devices();
    let gpus = devices.iter().filter(|device| device.device_type == LlamaBackendDeviceType::Gpu);
    let free: u64 = gpus.map(|device| device.memory_free as u64).sum();
    (free > 0).then_some(free)
}

fn number(file: &GgufContext, key: &str) -> Option<u64> {
    let index = file.find_key(key);
    // The value of another type must not be asked for.
    (index >= 0 && file.kv_type(index) == UINT32).then(|| u64::from(file.val_u32(index)))
}

fn text(file: &GgufContext, key: &str) -> Option<String> {
    let index = file.find_key(key);
    (index >= 0 && file.kv_type(index) == STRING).then(|| file.val_str(index).map(str::to_owned))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_model_needs_what_its_header_says() {
        let tiny = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/models/tiny/tiny-chat.gguf"));
        let of = |context_tokens| footprint(tiny, context_tokens).unwrap();
        assert_eq!(of(0).weights, tiny.metadata().unwrap().len());
        assert_eq!(of(512).conversation, 2 * of(256).conversation);
        assert!(of(256).conversation >= 256 * 4, "{:?}", of(256));
    }

    #[test]
    fn a_file_that_is_no_model_has_none() {
        assert_eq!(footprint(Path::new("/nowhere.gguf"), 0), None);
        assert_eq!(footprint(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")), 0), None);
    }
}
