//! What runs, for other terminals: a small JSON file that `ruche up` rewrites at every change.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use crate::project::Project;

/// The data of `ruche status`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub pid: i32,
    /// In seconds since 1970.
    pub started_at: u64,
    /// The gateway's base URL, once it is known.
    pub url: Option<String>,
    /// Of our own Postgres.
    pub postgres_port: Option<u16>,
    pub models: Vec<String>,
    /// In the order of their start.
    pub children: Vec<Child>,
}

/// One supervised program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Child {
    /// For people.
    pub name: String,
    /// The program's file name, to recognise the process by.
    pub program: String,
    /// Of its latest start.
    pub pid: i32,
    pub running: bool,
    pub restarts: u32,
    /// Its latest start, in seconds since 1970.
    pub since: u64,
    pub last_end: Option<String>,
    pub log: PathBuf,
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl State {
    /// `None` without a file.
    pub(crate) fn read(file: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(file).ok()?).ok()
    }
}

/// The state of this supervisor, shared by the tasks that watch its children.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    file: PathBuf,
    state: Arc<Mutex<State>>,
}

impl Board {
    /// Empty; written to `file` at the first change.
    pub(crate) fn new(file: PathBuf) -> Self {
        let pid = i32::try_from(std::process::id()).unwrap_or(0);
        let state = State { pid, started_at: now(), ..State::default() };
        Self { file, state: Arc::new(Mutex::new(state)) }
    }

    /// Changes the state and rewrites the file.
    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        let text = serde_json::to_string_pretty(&*state).unwrap_or_default();
        // Atomic for concurrent readers. A full disk must not stop the supervisor.
        let half = self.file.with_extension("half");
        let _ = fs::write(&half, text).and_then(|()| fs::rename(&half, &self.file));
    }

    /// Deletes the file when no program runs.
    pub(crate) fn clear(&self) {
        let _ = fs::remove_file(&self.file);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The database settings that `ruche up` gave its children.
pub(crate) fn database(project: &Project) -> Vec<(String, String)> {
    let ours = || -> Option<String> {
        let port = State::read(&project.state())?.postgres_port?;
        let password = project.secrets().ok()?.postgres;
        Some(format!("postgres://ruche:{password}@127.0.0.1:{port}/ruche"))
    };
    ours().map(|url| ("RUCHE_POSTGRES__URL".to_owned(), url)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_terminal_reads_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let board = Board::new(folder.path().join("state.json"));
        board.change(|state| state.url = Some("http://127.0.0.1:8080".to_owned()));
        let state = State::read(&folder.path().join("state.json")).unwrap();
        assert_eq!(state.url.as_deref(), Some("http://127.0.0.1:8080"));
        assert_eq!(u32::try_from(state.pid).unwrap(), std::process::id());
        board.clear();
        assert!(State::read(&folder.path().join("state.json")).is_none());
    }
}
