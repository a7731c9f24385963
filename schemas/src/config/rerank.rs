//! The rerank worker's settings.

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// The rerank worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rerank {
    /// A GGUF file.
    pub model_path: String,
    /// The model's name in answers.
    pub model_name: String,
    /// Jobs at once.
    pub slots: u32,
    /// Tokens computed in one go.
    pub batch_tokens: u32,
    /// Tokens of the longest pair of query and text; 0 takes the model's own, at most 2048.
    pub context_tokens: u32,
    /// CPU threads; 0 takes the number of cores.
    pub threads: u32,
    /// Layers on the GPU.
    pub gpu_layers: u32,
}

impl Rerank {
    pub(super) fn check(
        &self,
        rule: impl Fn(bool, &'static str, String, &'static str) -> Result<(), ConfigError>,
    ) -> Result<(), ConfigError> {
        let number = |key, value: u32, min: u32, max: u32, allowed| {
            rule((min..=max).contains(&value), key, value.to_string(), allowed)
        };
        number("rerank.slots", self.slots, 1, 1024, "1 to 1024")?;
        number("rerank.batch_tokens", self.batch_tokens, 32, 16_384, "32 to 16384")?;
        number("rerank.context_tokens", self.context_tokens, 0, 131_072, "0 to 131072; 0 is the model's own")?;
        number("rerank.threads", self.threads, 0, 512, "0 to 512; 0 is the number of cores")
    }
}
