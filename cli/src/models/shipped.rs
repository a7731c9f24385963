//! Files of the project's folder.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{Refused, project::Project};

pub(super) fn shipped(project: &Project, file: &str) -> Result<PathBuf> {
    let program = std::env::current_exe().unwrap_or_default();
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [project.data.as_path(), &program, built_in];
    let found = places.iter().flat_map(|place| place.ancestors()).map(|folder| folder.join(file));
    let missing = || Refused::because(format!("{file} of the project's folder is missing"));
    found.into_iter().find(|file| file.is_file()).ok_or_else(missing)
}
