//! What can be wrong with a model's file, whatever the model is for.

/// A model that can't be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The processor lacks instructions that the build uses.
    #[error(
        "this processor lacks {missing}, which this build of llama.cpp uses (x86-64-v3: Haswell, 2013, and later): \
         run it on a newer machine, or build it with the GGML_* lines removed from .cargo/config.toml"
    )]
    Processor {
        /// The instruction sets, separated by commas.
        missing: String,
    },
    /// The file isn't there or can't be read.
    #[error("the model file {path} can't be read: {reason} (set {section}.model_path to a GGUF file)")]
    Unreadable {
        /// The file.
        path: String,
        /// The system's words.
        reason: String,
        /// The section of the settings that names it.
        section: &'static str,
    },
    /// The library refused the model.
    #[error("the model {path} can't be loaded: {reason}")]
    Refused {
        /// The file.
        path: String,
        /// What is known of the reason.
        reason: String,
    },
}
