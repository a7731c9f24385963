//! What runs, for other terminals: a small JSON file that `ruche up` rewrites at every change.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use crate::project::Project;

/// Everything that `ruche status` knows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// The supervisor's process id.
    pub pid: i32,
    /// When it started, in seconds since 1970.
    pub started_at: u64,
    /// The gateway's base URL, once it is known.
    pub url: Option<String>,
    /// The port of our own Postgres.
    pub postgres_port: Option<u16>,
    /// The models that are served.
    pub models: Vec<String>,
    /// The supervised programs, in the order of their start.
    pub children: Vec<Child>,
}

/// One supervised program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Child {
    /// What people call it.
    pub name: String,
    /// The program's file name, to recognise the process by.
    pub program: String,
    /// The process id of its latest start.
    pub pid: i32,
    /// Whether it runs now.
    pub running: bool,
    /// How often it was started again.
    pub restarts: u32,
    /// When its latest start was, in seconds since 1970.
    pub since: u64,
    /// How it ended the last time.
    pub last_end: Option<String>,
    pub log: PathBuf,
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl State {
    /// What the file says; nothing if there is none.
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
    /// An empty state, written to `file` at the first change.
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
        // Complete or not at all, for a reader at the same time. A full disk must not stop the supervisor.
        let half = self.file.with_extension("half");
        let _ = fs::write(&half, text).and_then(|()| fs::rename(&half, &self.file));
    }

    /// Forgets the file: nothing runs any more.
    pub(crate) fn clear(&self) {
        let _ = fs::remove_file(&self.file);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The settings that reach the database of the running system: those that `ruche up` gave its children.
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
