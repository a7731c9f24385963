//! Who may do what on a nats-server: one file a login, so that one can be added while the server runs.
//!
//! Each role has the subjects that it uses and nothing else: the server refuses the rest, so a stolen login of one
//! tenant harms no other, and one of a worker takes no jobs of another kind.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use nix::sys::signal::{Signal, kill};

use crate::{
    ServiceError,
    error::Doing,
    nats::{live_pid, write_private},
    permissions::{self, Permissions},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Its name: `a-z A-Z 0-9 _ -`.
    pub user: String,
    /// Its password: letters and digits, beginning with a letter.
    pub password: String,
    pub may: May,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum May {
    /// Everything: operators, with the tools of NATS.
    Everything,
    /// Publish jobs of all kinds, and keep the streams: gateways.
    Gateway {
        /// The first token of every subject.
        prefix: String,
        kinds: Vec<String>,
    },
    /// Take jobs of its own kinds: workers.
    Work {
        /// The first token of every subject.
        prefix: String,
        kinds: Vec<String>,
        /// Those that it works on.
        own: Vec<String>,
    },
    /// Publish jobs of this tenant and hear their events.
    Produce {
        /// The first token of every subject.
        prefix: String,
        /// Whose jobs.
        tenant: String,
        /// Which shard of the lane `bulk` has them.
        bulk_shard: u32,
    },
}

impl May {
    /// The subjects that a producer may publish to; none for others.
    #[must_use]
    pub fn subjects(&self) -> Vec<String> {
        match self {
            Self::Produce { prefix, tenant, bulk_shard } => permissions::produced(prefix, tenant, *bulk_shard),
            _ => Vec::new(),
        }
    }
}

impl Login {
    /// Where answers to it come.
    #[must_use]
    pub fn inbox(&self) -> String {
        match &self.may {
            May::Everything => "_INBOX".to_owned(),
            // All producers of a tenant have one, so that a program needs to know no more than its tenant.
            May::Produce { tenant, .. } => format!("_INBOX_{tenant}"),
            _ => permissions::inbox(&self.user),
        }
    }

    fn permissions(&self) -> Option<Permissions> {
        let inbox = self.inbox();
        match &self.may {
            May::Everything => None,
            May::Gateway { prefix, kinds } => Some(permissions::gateway(prefix, kinds, &inbox)),
            May::Work { prefix, kinds, own } => Some(permissions::worker(prefix, kinds, own, &inbox)),
            May::Produce { prefix, tenant, bulk_shard } => {
                Some(permissions::producer(prefix, tenant, *bulk_shard, &inbox))
            }
        }
    }

    /// As the server's configuration says it, with this password: in quotes, or the name of a variable.
    #[must_use]
    pub fn entry(&self, password: &str) -> String {
        let user = &self.user;
        match self.permissions() {
            None => format!("{{ user: \"{user}\", password: {password} }}\n"),
            Some(permissions) => {
                format!("{{ user: \"{user}\", password: {password}, permissions: {permissions} }}\n")
            }
        }
    }
}

impl Login {
    /// Adds it, in place of one of the same name, to the server whose settings are in this folder. A running server
    /// knows it after [`reload`].
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

/// Writes `users.conf`, which the server's settings include, from all logins.
fn write_all(folder: &Path, logins: &Path) -> Result<(), ServiceError> {
    let reading = || format!("reading {}", logins.display());
    let mut files: Vec<PathBuf> = fs::read_dir(logins)
        .doing(reading)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .doing(reading)?;
    // One that is being written has a dot before its name.
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

/// Tells the server whose settings are in this folder to read them again. `false`: it does not run.
#[must_use]
pub fn reload(folder: &Path) -> bool {
    let pid = live_pid(&folder.join("nats.pid"), "nats-server");
    pid.is_some_and(|pid| kill(nix::unistd::Pid::from_raw(pid), Signal::SIGHUP).is_ok())
}
