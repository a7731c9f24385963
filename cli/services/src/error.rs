//! Why a server could not be started, and what the person can do.

use std::{io, path::PathBuf, time::Duration};

/// A server that could not be found, prepared or started.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The binaries are not installed.
    #[error("{what} is not in {}: run `make setup`, or set RUCHE_VENV to the Python environment that has it", looked.display())]
    ToolsMissing {
        /// The program that was looked for.
        what: &'static str,
        looked: PathBuf,
    },
    /// Something else listens on the port.
    #[error("port {port} for {name} is taken by another program: stop that one, or choose another with {setting}")]
    PortTaken {
        /// Who wanted the port.
        name: String,
        port: u16,
        /// The setting that changes it.
        setting: &'static str,
    },
    /// A file or a process that the operating system refused.
    #[error("{doing}: {source}")]
    Io {
        /// What was tried.
        doing: String,
        /// The system's reason.
        source: io::Error,
    },
    /// A one-off program, such as `initdb`, that failed.
    #[error("{program} failed ({status}):\n{output}")]
    Failed {
        program: String,
        /// How it ended.
        status: String,
        /// The last lines it printed.
        output: String,
    },
    /// A server that ended while it was starting.
    #[error("{name} ended while starting ({status}). Its last lines, from {}:\n{lines}", log.display())]
    Died {
        name: String,
        /// How it ended.
        status: String,
        log: PathBuf,
        /// The log's last lines.
        lines: String,
    },
    /// A server that runs but does not answer.
    #[error("{name} was not ready after {} s. Its last lines, from {}:\n{lines}", after.as_secs(), log.display())]
    NotReady {
        name: String,
        /// How long it was waited for.
        after: Duration,
        log: PathBuf,
        /// The log's last lines.
        lines: String,
    },
    /// Another process still uses the data.
    #[error("process {pid} still uses {}: stop it (`ruche down`), then start again", data.display())]
    InUse {
        /// The process.
        pid: i32,
        data: PathBuf,
    },
    /// No place that the unprivileged user can reach.
    #[error("{what}: {why}. Postgres refuses to run as root, so it runs as `nobody`, who must be able to get there")]
    Unreachable {
        /// The file or folder.
        what: String,
        /// What was found.
        why: String,
    },
}

/// Adds what was tried to a system error.
pub(crate) trait Doing<T> {
    /// Names what was tried.
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, ServiceError>;
}

impl<T, E: Into<io::Error>> Doing<T> for Result<T, E> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, ServiceError> {
        self.map_err(|source| ServiceError::Io { doing: what(), source: source.into() })
    }
}
