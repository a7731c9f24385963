//! Models that tests need and the repository does not have.

use std::path::{Path, PathBuf};

/// The embedding model all-minilm-l6-v2, a GGUF file, made by `make test`.
#[must_use]
pub fn embedding_model() -> PathBuf {
    made("all-minilm-l6-v2.gguf")
}

/// A reranker with an untrained head, a GGUF file, made with the one above.
#[must_use]
pub fn reranker() -> PathBuf {
    made("tests-reranker.gguf")
}

/// The chat model smollm2-135m, a GGUF file, if it was fetched: tests must not need it.
#[must_use]
pub fn small_chat_model() -> Option<PathBuf> {
    Some(place("smollm2-135m.gguf")).filter(|file| file.is_file())
}

/// The embedding model multilingual-e5-small-q4, a GGUF file, if it was fetched: tests must not need it.
#[must_use]
pub fn multilingual_model() -> Option<PathBuf> {
    Some(place("multilingual-e5-small-q4.gguf")).filter(|file| file.is_file())
}

fn place(name: &str) -> PathBuf {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
    project.join(".ruche/models").join(name)
}

fn made(name: &str) -> PathBuf {
    let file = place(name);
    assert!(file.is_file(), "{} is not there: `bash cli/setup.sh tests` makes it, as `make test` does", file.display());
    file
}
