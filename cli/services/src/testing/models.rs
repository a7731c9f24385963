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

fn made(name: &str) -> PathBuf {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
    let file = project.join(".ruche/models").join(name);
    assert!(file.is_file(), "{} is not there: `bash cli/setup.sh tests` makes it, as `make test` does", file.display());
    file
}
