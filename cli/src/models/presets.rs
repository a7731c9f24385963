//! The models that are known by name. Their sizes here are only for the list; what counts is what the hub says.

/// One model on the hub.
#[derive(Debug)]
pub(super) struct Preset {
    /// Its name in the configuration and in answers.
    pub name: &'static str,
    /// The hub's repository.
    pub repo: &'static str,
    /// The file in it.
    pub file: &'static str,
    /// About how large it is, in bytes.
    pub bytes: u64,
    /// Where it fits.
    pub purpose: &'static str,
}

/// All of them, the default first.
pub(super) const PRESETS: [Preset; 3] = [
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
];
