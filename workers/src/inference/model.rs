//! Errors of loading a model file, for every kind of model.

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The processor lacks instructions that the build uses.
    #[error(
        "this processor lacks {missing}, which this build of llama.cpp uses (x86-64-v3: Haswell, 2013, and later): \
         run it on a newer machine, or build it with the GGML_* lines removed from .cargo/config.toml"
    )]
    Processor {
        /// Instruction sets, separated by commas.
        missing: String,
    },
    #[error("the model file {path} can't be read: {reason} (set {section}.model_path to a GGUF file)")]
    Unreadable {
        path: String,
        /// As the system reports it.
        reason: String,
        /// The settings section that names the file.
        section: &'static str,
    },
    /// Refused by llama.cpp.
    #[error("the model {path} can't be loaded: {reason}")]
    Refused {
        path: String,
        /// As far as known.
        reason: String,
    },
}
