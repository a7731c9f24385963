//! The models on the hub that are known by name. Their sizes here are only for the list; what counts is what the hub says.

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It answers.
    Chat,
    /// It makes vectors of texts, to search by meaning.
    Embedding,
    /// It reads what was found again, and orders it.
    Reranking,
}

impl Use {
    /// As it is called in lists, and in the section `models` of the configuration.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Embedding => "embedding",
            Self::Reranking => "rerank",
        }
    }
}

/// One model on the hub.
#[derive(Debug)]
pub(super) struct Preset {
    /// Its name in the configuration and in answers.
    pub name: &'static str,
    /// What it is for.
    pub used_for: Use,
    /// The hub's repository.
    pub repo: &'static str,
    /// The file in it.
    pub file: &'static str,
    /// About how large it is, in bytes.
    pub bytes: u64,
    /// Where it fits.
    pub purpose: &'static str,
}

/// All of them, the default of each use first.
pub(super) const PRESETS: [Preset; 7] = [
    Preset {
        name: "llama-3.2-1b",
        used_for: Use::Chat,
        repo: "bartowski/Llama-3.2-1B-Instruct-GGUF",
        file: "Llama-3.2-1B-Instruct-Q4_K_M.gguf",
        bytes: 810_000_000,
        purpose: "a CPU host",
    },
    Preset {
        name: "mistral-7b",
        used_for: Use::Chat,
        repo: "bartowski/Mistral-7B-Instruct-v0.3-GGUF",
        file: "Mistral-7B-Instruct-v0.3-Q4_K_M.gguf",
        bytes: 4_370_000_000,
        purpose: "a GPU host with 8 GB",
    },
    Preset {
        name: "llama-3.1-8b",
        used_for: Use::Chat,
        repo: "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF",
        file: "Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf",
        bytes: 4_920_000_000,
        purpose: "a GPU host with 8 GB",
    },
    // Of the conversions of this model, the one that llama.cpp is known to take: cstr/multilingual-e5-small-GGUF has no
    // token_type_count, and is refused.
    Preset {
        name: "multilingual-e5-small",
        used_for: Use::Embedding,
        repo: "TwinSunsLLC/multilingual-e5-small-gguf",
        file: "multilingual-e5-small-q8_0.gguf",
        bytes: 132_439_008,
        purpose: "100 languages, a CPU host",
    },
    Preset {
        name: "nomic-embed-text-v1.5",
        used_for: Use::Embedding,
        repo: "nomic-ai/nomic-embed-text-v1.5-GGUF",
        file: "nomic-embed-text-v1.5.Q8_0.gguf",
        bytes: 146_146_432,
        purpose: "English, long passages",
    },
    Preset {
        name: "bge-m3",
        used_for: Use::Embedding,
        repo: "ggml-org/bge-m3-Q8_0-GGUF",
        file: "bge-m3-q8_0.gguf",
        bytes: 634_553_760,
        purpose: "100 languages, long passages, a GPU host",
    },
    Preset {
        name: "bge-reranker-v2-m3",
        used_for: Use::Reranking,
        repo: "gpustack/bge-reranker-v2-m3-GGUF",
        file: "bge-reranker-v2-m3-Q8_0.gguf",
        bytes: 636_000_000,
        purpose: "100 languages, a GPU host or few hits",
    },
];
