//! The logins of a nats-server: one file each, so that one can be added while the server runs.
//!
//! The permissions of each role are computed from [`ruche_schemas::topology`]. The server refuses everything else: a
//! stolen login of one tenant harms no other tenant, and one of a worker takes no jobs of another kind.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use nix::sys::signal::{Signal, kill};
pub use ruche_schemas::topology::roles::Role;
use ruche_schemas::topology::{
    roles::{self, Permissions},
    rows::ROWS,
};

use crate::{
    ServiceError,
    error::Doing,
    files::{live_pid, write_private},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// `a-z A-Z 0-9 _ -`.
    pub user: String,
    /// Letters and digits, beginning with a letter.
    pub password: String,
    pub may: May,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum May {
    /// Operators, with the tools of NATS.
    Everything,
    /// A program of Ruche, with the prefix of all subjects.
    As(Role, String),
}

impl May {
    /// The subjects to which a producer may publish jobs; none for others.
    #[must_use]
    pub fn subjects(&self) -> Vec<String> {
        match self {
            Self::As(Role::Producer { tenant }, prefix) => roles::produced(&ROWS, prefix, tenant),
            _ => Vec::new(),
        }
    }
}

impl Login {
    /// The prefix of its reply subjects.
    #[must_use]
    pub fn inbox(&self) -> String {
        match &self.may {
            May::Everything => "_INBOX".to_owned(),
            // All producers of a tenant share one, so that a program needs only its tenant.
            May::As(Role::Producer { tenant }, _) => format!("_INBOX_{tenant}"),
            May::As(..) => roles::inbox(&self.user),
        }
    }

    /// Its entry in the server's configuration. The password is in quotes, or the name of a variable.
    #[must_use]
    pub fn entry(&self, password: &str) -> String {
        let user = &self.user;
        match &self.may {
            May::Everything => format!("{{ user: \"{user}\", password: {password} }}\n"),
            May::As(role, prefix) => {
                let Permissions { publish, subscribe } = roles::permissions(&ROWS, prefix, role, &self.inbox());
                let (publish, subscribe) = (allow("publish", &publish), allow("subscribe", &subscribe));
                format!("{{ user: \"{user}\", password: {password}, permissions: {{\n{publish}{subscribe}}} }}\n")
            }
        }
    }

    /// Adds or replaces a login of the server whose settings are in this folder. A running server has it after
    /// [`reload`].
    ///
    /// # Errors
    /// [`ServiceError::Io`].
    pub fn add(&self, folder: &Path) -> Result<(), ServiceError> {
        let logins = folder.join("logins");
        fs::create_dir_all(&logins).doing(|| format!("making {}", logins.display()))?;
        let file = logins.join(&self.user);
        write_private(&file, &self.entry(&format!("\"{}\"", self.password)))
            .doing(|| format!("writing {}", file.display()))?;
        write_all(folder, &logins)
    }
}

fn allow(what: &str, subjects: &[String]) -> String {
    let lines: String = subjects.iter().map(|subject| format!("    \"{subject}\"\n")).collect();
    format!("  {what}: {{ allow: [\n{lines}  ] }}\n")
}

/// Writes `users.conf`, which the server's settings include, from all logins.
fn write_all(folder: &Path, logins: &Path) -> Result<(), ServiceError> {
    let reading = || format!("reading {}", logins.display());
    let mut files: Vec<PathBuf> = fs::read_dir(logins)
        .doing(reading)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .doing(reading)?;
    // A file that is being written begins with a dot.
    files.retain(|file| file.file_name().is_some_and(|name| !name.as_encoded_bytes().starts_with(b".")));
    files.sort();
    let mut text = "authorization {\n  users: [\n".to_owned();
    for file in files {
        let entry = fs::read_to_string(&file).doing(reading)?;
        let _ = writeln!(text, "    {}", entry.trim());
    }
    text.push_str("  ]\n}\n");
    let file = folder.join("users.conf");
    write_private(&file, &text).doing(|| format!("writing {}", file.display()))
}

/// The URL of the running server whose settings are in this folder.
#[must_use]
pub fn url(folder: &Path) -> Option<String> {
    live_pid(&folder.join("nats.pid"), "nats-server")?;
    let settings = fs::read_to_string(folder.join("server.conf")).ok()?;
    let address = settings.lines().find_map(|line| line.strip_prefix("listen: "))?;
    Some(format!("nats://{}", address.trim_matches('"')))
}

/// Has the server whose settings are in this folder reload them. `false`: it does not run.
#[must_use]
pub fn reload(folder: &Path) -> bool {
    let pid = live_pid(&folder.join("nats.pid"), "nats-server");
    pid.is_some_and(|pid| kill(nix::unistd::Pid::from_raw(pid), Signal::SIGHUP).is_ok())
}
