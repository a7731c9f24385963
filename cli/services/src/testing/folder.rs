//! The temporary folders of one test process, removed after it, however it ended.
//!
//! Servers shared by tests are in statics, which are never dropped, and a killed test drops nothing. So a small shell
//! waits at a pipe that closes when this process ends, and then removes the folder.

use std::{
    fs::{self, Permissions},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use super::name::unique;
use crate::user::Account;

/// Waits for the end of its input; then removes the folder, repeatedly while orphaned servers end.
const GUARD: &str = r#"trap '' INT TERM HUP; cat; rm -rf "$1"; sleep 1; rm -rf "$1"; sleep 5; rm -rf "$1""#;

#[derive(Debug)]
struct Root {
    path: PathBuf,
    /// Its input closes when this process ends.
    _guard: Child,
}

static ROOT: OnceLock<Root> = OnceLock::new();

/// A new folder below this process's temporary one.
pub(super) fn make(name: &str) -> PathBuf {
    let root = ROOT.get_or_init(|| root().unwrap_or_else(|error| panic!("no temporary folder for tests: {error}")));
    let folder = root.path.join(unique(name));
    fs::create_dir(&folder).unwrap_or_else(|error| panic!("no temporary folder for tests: {error}"));
    enter_only(&folder).unwrap_or_else(|error| panic!("no temporary folder for tests: {error}"));
    folder
}

pub(super) fn remove(folder: &Path) {
    // What is left now is removed at the end of the process.
    let _ = fs::remove_dir_all(folder);
}

fn root() -> std::io::Result<Root> {
    let path = reachable()?;
    let mut guard = Command::new("/bin/sh");
    guard.args(["-c", GUARD, "sh"]).arg(&path).process_group(0).current_dir("/");
    let _guard = guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    Ok(Root { path, _guard })
}

/// A new temporary folder; in `/tmp` if the user that runs Postgres for root can't reach the usual place.
fn reachable() -> std::io::Result<PathBuf> {
    let account = Account::for_postgres();
    let mut last = std::io::Error::other("no place");
    for place in [std::env::temp_dir(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")] {
        match tempfile::Builder::new().prefix("ruche-test-").tempdir_in(&place) {
            Ok(folder) => {
                enter_only(folder.path())?;
                if account.is_none_or(|account| account.can_enter(folder.path())) {
                    return Ok(folder.keep());
                }
                last = std::io::Error::other(format!("{} is closed to the user that runs Postgres", place.display()));
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Nobody else may list it, but `nobody`, who runs Postgres for root, must pass through.
fn enter_only(folder: &Path) -> std::io::Result<()> {
    let mode = if nix::unistd::geteuid().is_root() { 0o711 } else { 0o700 };
    fs::set_permissions(folder, Permissions::from_mode(mode))
}
