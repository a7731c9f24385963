//! The rerank worker's settings and models. `settings.toml` says what each key means.

use serde::{Deserialize, Serialize};

use crate::{
    models::{ContainerModel, Family, ModelSlot, Preset},
    settings::{self, Check, ConfigError},
};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub model_path: String,
    pub model_name: String,
    pub slots: u32,
    pub batch_tokens: u32,
    pub context_tokens: u32,
    pub threads: u32,
    pub gpu_layers: u32,
}

impl settings::Settings for Settings {
    const DEFAULTS: &'static str = include_str!("settings.toml");

    fn check(&self, check: Check<'_>) -> Result<(), ConfigError> {
        check.range("slots", self.slots, 1..=1024, "")?;
        check.range("batch_tokens", self.batch_tokens, 32..=16_384, "")?;
        check.range("context_tokens", self.context_tokens, 0..=131_072, "0 is the model's own")?;
        check.range("threads", self.threads, 0..=512, "0 is the number of cores")
    }
}

pub(super) const MODELS: &[ModelSlot] = &[ModelSlot {
    name: "rerank",
    prefix: "",
    default: "",
    comment: "The reranker, which orders the best hits of searches with `\"rerank\": true`: a preset of that list. Default: none.\n\
              If it can't be downloaded, the start fails.",
    label: "reranks",
    family: &FAMILY,
    own_workers: false,
    container: Some(ContainerModel {
        path: "/models/bge-reranker-v2-m3-Q8_0.gguf",
        name: "bge-reranker-v2-m3",
        in_image: false,
    }),
}];

const FAMILY: Family = Family {
    name: "rerank",
    built_in: &[],
    presets: &[Preset {
        name: "bge-reranker-v2-m3",
        repo: "gpustack/bge-reranker-v2-m3-GGUF",
        file: "bge-reranker-v2-m3-Q8_0.gguf",
        bytes: 636_000_000,
        purpose: "100 languages, a GPU host or few hits",
    }],
};
