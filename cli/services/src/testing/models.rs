//! Models that tests need and the repository does not hold.

use std::path::{Path, PathBuf};

/// The embedding model all-minilm-l6-v2, a GGUF file. `make test` has it made before it starts the tests.
///
/// # Panics
/// If it is not there.
#[must_use]
pub fn embedding_model() -> PathBuf {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
    let file = project.join(".ruche/models/all-minilm-l6-v2.gguf");
    assert!(file.is_file(), "{} is not there: `bash cli/setup.sh tests` makes it, as `make test` does", file.display());
    file
}
