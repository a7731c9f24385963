//! The embed worker's settings and models. `settings.toml` says what each key means.

use serde::{Deserialize, Serialize};

use super::document::CHUNK_TOKENS;
use crate::{
    models::{ContainerModel, Family, ModelSlot, Preset},
    settings::{self, Check, ConfigError},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub model_path: String,
    pub model_name: String,
    pub next_model_path: String,
    pub next_model_name: String,
    pub slots: u32,
    pub batch_tokens: u32,
    pub context_tokens: u32,
    pub threads: u32,
    pub gpu_layers: u32,
    pub query_prefix: String,
    pub passage_prefix: String,
    pub pooling: String,
    pub next_query_prefix: String,
    pub next_passage_prefix: String,
    pub next_pooling: String,
    pub chunk_tokens: u32,
    pub chunk_overlap: u32,
    pub documents: u32,
}

impl settings::Settings for Settings {
    const DEFAULTS: &'static str = include_str!("settings.toml");

    fn check(&self, check: Check<'_>) -> Result<(), ConfigError> {
        check.range("slots", self.slots, 1..=1024, "")?;
        check.range("batch_tokens", self.batch_tokens, 32..=16_384, "")?;
        check.range("context_tokens", self.context_tokens, 0..=131_072, "0 is the model's own")?;
        check.range("threads", self.threads, 0..=512, "0 is the number of cores")?;
        for (key, prefix) in [
            ("query_prefix", &self.query_prefix),
            ("passage_prefix", &self.passage_prefix),
            ("next_query_prefix", &self.next_query_prefix),
            ("next_passage_prefix", &self.next_passage_prefix),
        ] {
            check.rule(prefix.len() <= 1024, key, prefix, "auto, or at most 1024 bytes")?;
        }
        let (min, max) = CHUNK_TOKENS;
        let size = self.chunk_tokens;
        let fits = size == 0 || (min..=max).contains(&size);
        check.rule(fits, "chunk_tokens", size, "16 to 8192; 0 is what the model was trained with")?;
        let half = if size == 0 { max } else { size } / 2;
        let fits = self.chunk_overlap <= half;
        check.rule(fits, "chunk_overlap", self.chunk_overlap, "0 to half of embed.chunk_tokens")?;
        check.range("documents", self.documents, 1..=1024, "")?;
        for (key, pooling) in [("pooling", &self.pooling), ("next_pooling", &self.next_pooling)] {
            let known = ["model", "mean", "cls", "last"].contains(&pooling.as_str());
            check.rule(known, key, pooling, "model, mean, cls or last")?;
        }
        Ok(())
    }
}

pub(super) const MODELS: &[ModelSlot] = &[
    ModelSlot {
        name: "embedding",
        prefix: "",
        default: "multilingual-e5-small",
        comment: "The embedding model: a preset of that list, or \"all-minilm-l6-v2\" (English) or\n\
                  \"multilingual-e5-small-q4\", which are made from Python packages and need no hub.",
        label: "embeds",
        family: &FAMILY,
        own_workers: false,
        container: Some(ContainerModel {
            path: "/models/all-minilm-l6-v2.gguf",
            name: "all-minilm-l6-v2",
            in_image: false,
        }),
    },
    ModelSlot {
        name: "next_embedding",
        prefix: "next_",
        default: "",
        comment: "A second embedding model, for `ruche embed migrate`: a name of that list. Default: none. If it can't be\n\
                  downloaded, the start fails.",
        label: "next",
        family: &FAMILY,
        own_workers: false,
        container: None,
    },
];

const FAMILY: Family = Family {
    name: "embedding",
    built_in: &["all-minilm-l6-v2", "multilingual-e5-small-q4"],
    presets: &[
        // This conversion is known to load in llama.cpp. cstr/multilingual-e5-small-GGUF has no token_type_count and
        // does not load.
        Preset {
            name: "multilingual-e5-small",
            repo: "TwinSunsLLC/multilingual-e5-small-gguf",
            file: "multilingual-e5-small-q8_0.gguf",
            bytes: 132_439_008,
            purpose: "100 languages, a CPU host",
        },
        Preset {
            name: "nomic-embed-text-v1.5",
            repo: "nomic-ai/nomic-embed-text-v1.5-GGUF",
            file: "nomic-embed-text-v1.5.Q8_0.gguf",
            bytes: 146_146_432,
            purpose: "English, long passages",
        },
        Preset {
            name: "bge-m3",
            repo: "ggml-org/bge-m3-Q8_0-GGUF",
            file: "bge-m3-q8_0.gguf",
            bytes: 634_553_760,
            purpose: "100 languages, long passages, a GPU host",
        },
    ],
};
