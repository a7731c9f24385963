//! The chat worker's settings and models. `settings.toml` says what each key means.

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
    pub bots_model_path: String,
    pub bots_model_name: String,
    pub slots: u32,
    pub context_tokens: u32,
    pub prompt_chunk: u32,
    pub threads: u32,
    pub gpu_layers: u32,
}

impl settings::Settings for Settings {
    const DEFAULTS: &'static str = include_str!("settings.toml");

    fn check(&self, check: Check<'_>) -> Result<(), ConfigError> {
        check.range("slots", self.slots, 0..=256, "0 is chosen by memory and cores")?;
        check.range("prompt_chunk", self.prompt_chunk, 16..=4096, "")
    }
}

pub(super) const MODELS: &[ModelSlot] = &[
    ModelSlot {
        name: "chat",
        prefix: "",
        default: "llama-3.2-1b",
        comment: "The chat model: a preset of `ruche models list`, \"smollm2-135m\", which is a Python package, or \"tiny\", the demo\n\
                  model that comes with Ruche.",
        label: "chats",
        family: &FAMILY,
        own_workers: false,
        container: Some(ContainerModel {
            path: "/opt/ruche/models/tiny-chat.gguf",
            name: "tiny-chat-demo",
            in_image: true,
        }),
    },
    ModelSlot {
        name: "bots",
        prefix: "bots_",
        default: "",
        comment: "The model of bots that name no model: a name of that list. It gets a worker of its own. Default: the chat model; with\n\
                  smollm2-135m, which answers badly from passages, the default is \"tiny\", which quotes them.",
        label: "bots",
        family: &FAMILY,
        own_workers: true,
        container: None,
    },
];

const FAMILY: Family = Family {
    name: "chat",
    built_in: &["smollm2-135m", "tiny"],
    presets: &[
        Preset {
            name: "llama-3.2-1b",
            repo: "bartowski/Llama-3.2-1B-Instruct-GGUF",
            file: "Llama-3.2-1B-Instruct-Q4_K_M.gguf",
            bytes: 810_000_000,
            purpose: "a CPU host",
        },
        Preset {
            name: "mistral-7b",
            repo: "bartowski/Mistral-7B-Instruct-v0.3-GGUF",
            file: "Mistral-7B-Instruct-v0.3-Q4_K_M.gguf",
            bytes: 4_370_000_000,
            purpose: "a GPU host with 8 GB",
        },
        Preset {
            name: "llama-3.1-8b",
            repo: "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF",
            file: "Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf",
            bytes: 4_920_000_000,
            purpose: "a GPU host with 8 GB",
        },
    ],
};

/// A first request, for a shell.
pub(super) const EXAMPLE: &str = r#"curl -N "$RUCHE_URL/v1/chat/completions" -H "Authorization: Bearer $RUCHE_KEY" -H 'Content-Type: application/json' -d '{"model":"{model}","stream":true,"messages":[{"role":"user","content":"Hello!"}]}'"#;
