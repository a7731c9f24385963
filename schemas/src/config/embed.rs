//! The embed worker's settings.

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::kinds::embed::document::CHUNK_TOKENS;

/// The embed worker.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embed {
    /// A GGUF file.
    pub model_path: String,
    /// The model's name in answers.
    pub model_name: String,
    /// A GGUF file of a second model, while collections go from one to the other; empty where there is none.
    pub next_model_path: String,
    /// The second model's name in answers.
    pub next_model_name: String,
    /// Jobs at once.
    pub slots: u32,
    /// Tokens computed in one go.
    pub batch_tokens: u32,
    /// Tokens of the longest text; 0 takes the model's own, at most 2048.
    pub context_tokens: u32,
    /// CPU threads; 0 takes the number of cores.
    pub threads: u32,
    /// Layers on the GPU.
    pub gpu_layers: u32,
    /// What is put before texts to search with; `auto`: as the model was trained.
    pub query_prefix: String,
    /// What is put before texts to be found; `auto`: as the model was trained.
    pub passage_prefix: String,
    /// `model`, `mean`, `cls` or `last`.
    pub pooling: String,
    /// The same for the second model.
    pub next_query_prefix: String,
    /// The same for the second model.
    pub next_passage_prefix: String,
    /// The same for the second model.
    pub next_pooling: String,
    /// Tokens of a document's chunk; 0: as the model was trained.
    pub chunk_tokens: u32,
    /// How many of them repeat the end of the chunk before.
    pub chunk_overlap: u32,
    /// Documents that are worked on at once.
    pub documents: u32,
}

impl Embed {
    pub(super) fn check(
        &self,
        rule: impl Fn(bool, &'static str, String, &'static str) -> Result<(), ConfigError>,
    ) -> Result<(), ConfigError> {
        let number = |key, value: u32, min: u32, max: u32, allowed| {
            rule((min..=max).contains(&value), key, value.to_string(), allowed)
        };
        number("embed.slots", self.slots, 1, 1024, "1 to 1024")?;
        number("embed.batch_tokens", self.batch_tokens, 32, 16_384, "32 to 16384")?;
        number("embed.context_tokens", self.context_tokens, 0, 131_072, "0 to 131072; 0 is the model's own")?;
        number("embed.threads", self.threads, 0, 512, "0 to 512; 0 is the number of cores")?;
        for (key, prefix) in [
            ("embed.query_prefix", &self.query_prefix),
            ("embed.passage_prefix", &self.passage_prefix),
            ("embed.next_query_prefix", &self.next_query_prefix),
            ("embed.next_passage_prefix", &self.next_passage_prefix),
        ] {
            rule(prefix.len() <= 1024, key, prefix.clone(), "auto, or at most 1024 bytes")?;
        }
        let (min, max) = CHUNK_TOKENS;
        let size = self.chunk_tokens;
        let fits = size == 0 || (min..=max).contains(&size);
        rule(fits, "embed.chunk_tokens", size.to_string(), "16 to 8192; 0 is what the model was trained with")?;
        let half = if size == 0 { max } else { size } / 2;
        number("embed.chunk_overlap", self.chunk_overlap, 0, half, "0 to half of embed.chunk_tokens")?;
        number("embed.documents", self.documents, 1, 1024, "1 to 1024")?;
        for (key, pooling) in [("embed.pooling", &self.pooling), ("embed.next_pooling", &self.next_pooling)] {
            let known = ["model", "mean", "cls", "last"].contains(&pooling.as_str());
            rule(known, key, pooling.clone(), "model, mean, cls or last")?;
        }
        Ok(())
    }
}
