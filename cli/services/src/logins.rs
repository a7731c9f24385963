//! Who may do what on a nats-server: one file a login, so that one can be added while the server runs.
//!
//! The programs of Ruche may do everything. A producer may publish the jobs of one tenant and hear their events, and
//! nothing else: the server refuses the rest, so a stolen login of one tenant harms no other.

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
};

/// A login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Its name: `a-z A-Z 0-9 _ -`.
    pub user: String,
    /// Its password: letters and digits, beginning with a letter.
    pub password: String,
    /// What it may do.
    pub may: May,
}

/// What a login may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum May {
    /// Everything: Ruche's own programs.
    Everything,
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
    /// The subjects that a producer may publish to; none for whom everything is allowed.
    #[must_use]
    pub fn subjects(&self) -> Vec<String> {
        let Self::Produce { prefix, tenant, bulk_shard } = self else { return Vec::new() };
        let lanes = [("interactive", 0), ("normal", 0), ("bulk", *bulk_shard)];
        lanes.map(|(lane, shard)| format!("{prefix}.job.*.{lane}.{shard}.{tenant}")).into()
    }

    /// Where answers to a producer come: an inbox of its own, for whoever may listen to `_INBOX.>` hears everybody's.
    #[must_use]
    pub fn inbox(&self) -> String {
        match self {
            Self::Everything => "_INBOX".to_owned(),
            Self::Produce { tenant, .. } => format!("_INBOX_{tenant}"),
        }
    }

    /// As the server's configuration says it.
    fn permissions(&self) -> String {
        let Self::Produce { prefix, tenant, .. } = self else { return String::new() };
        let quoted = |subjects: &[String]| subjects.iter().map(|s| format!("\"{s}\"")).collect::<Vec<_>>().join(", ");
        let mut publish = self.subjects();
        // A job's last event, which tells its state.
        publish.push(format!("$JS.API.DIRECT.GET.*.{prefix}.event.{tenant}.*"));
        let subscribe = [format!("{}.>", self.inbox()), format!("{prefix}.live.{tenant}.*")];
        format!(
            ", permissions: {{ publish: {{ allow: [{}] }}, subscribe: {{ allow: [{}] }} }}",
            quoted(&publish),
            quoted(&subscribe)
        )
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
        let Self { user, password, may } = self;
        let entry = format!("{{ user: \"{user}\", password: \"{password}\"{} }}\n", may.permissions());
        let file = logins.join(user);
        write_private(&file, &entry).doing(|| format!("writing {}", file.display()))?;
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
