//! Why a server could not be started, and what the person can do.

use std::{io, path::PathBuf, time::Duration};

#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    #[error("{what} is not in {}: run `make setup`, or set RUCHE_VENV to the Python environment that has it", looked.display())]
    ToolsMissing {
        /// The missing program.
        what: &'static str,
        looked: PathBuf,
    },
    #[error("port {port} for {name} is taken by another program: stop that one, or choose another with {setting}")]
    PortTaken {
        /// The server that needs the port.
        name: String,
        port: u16,
        /// The setting that changes it.
        setting: &'static str,
    },
    /// The operating system refused a file or a process.
    #[error("{doing}: {source}")]
    Io {
        /// The action that failed.
        doing: String,
        source: io::Error,
    },
    #[error("{program} failed ({status}):\n{output}")]
    Failed {
        program: String,
        status: String,
        /// Its last lines.
        output: String,
    },
    #[error("{name} ended while starting ({status}). Its last lines, from {}:\n{lines}", log.display())]
    Died {
        name: String,
        status: String,
        log: PathBuf,
        /// The log's last lines.
        lines: String,
    },
    #[error("{name} was not ready after {} s. Its last lines, from {}:\n{lines}", after.as_secs(), log.display())]
    NotReady {
        name: String,
        after: Duration,
        log: PathBuf,
        /// The log's last lines.
        lines: String,
    },
    /// Another process still uses the data.
    #[error("process {pid} still uses {}: stop it (`ruche down`), then start again", data.display())]
    InUse {
        /// That process.
        pid: i32,
        data: PathBuf,
    },
    /// The unprivileged user can't reach any place.
    #[error("{what}: {why}. Postgres refuses to run as root, so it runs as `nobody`, who must be able to get there")]
    Unreachable {
        /// The file or folder.
        what: String,
        why: String,
    },
}

/// Adds the failed action to a system error.
pub(crate) trait Doing<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, ServiceError>;
}

impl<T, E: Into<io::Error>> Doing<T> for Result<T, E> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, ServiceError> {
        self.map_err(|source| ServiceError::Io { doing: what(), source: source.into() })
    }
}
