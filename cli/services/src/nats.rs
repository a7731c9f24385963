//! A nats-server with JetStream on 127.0.0.1.
//!
//! The settings and the logins go into files of mode 0600 rather than into arguments, which every user of the machine can read.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    ServiceError,
    error::Doing,
    logins::Login,
    process::{self, Launch, Process},
    ready,
    tools::Tools,
};

/// How long a nats-server may take until it is ready: recovering a large store takes its time.
const PATIENCE: Duration = Duration::from_secs(60);

/// One server.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder for its settings and streams.
    pub folder: PathBuf,
    /// The file for its log.
    pub log: PathBuf,
    /// The port on 127.0.0.1.
    pub port: u16,
    /// Who is let in; none lets everybody on this machine in.
    pub logins: Vec<Login>,
    /// What the server calls itself: random, so that another server on the same port is not taken for it.
    pub name: String,
}

impl Options {
    /// A server without a login, with a name of its own.
    #[must_use]
    pub fn new(folder: PathBuf, log: PathBuf, port: u16) -> Self {
        Self { folder, log, port, logins: Vec::new(), name: format!("ruche-{}", crate::random_secret()) }
    }

    fn settings(&self) -> String {
        let folder = self.folder.display();
        let users = if self.logins.is_empty() { "" } else { "include \"users.conf\"\n" };
        format!(
            "server_name: {}\nlisten: \"127.0.0.1:{}\"\npid_file: \"{folder}/nats.pid\"\n\
             jetstream {{ store_dir: \"{folder}/streams\" }}\n{users}",
            self.name, self.port
        )
    }

    /// Writes the settings, and waits for an earlier server on the same streams to be gone.
    ///
    /// # Errors
    /// [`ServiceError::Io`], or [`ServiceError::InUse`] if that server does not end.
    pub async fn prepare(&self, tools: &Tools) -> Result<Launch, ServiceError> {
        let file = self.folder.join("server.conf");
        let writing = || format!("writing {}", file.display());
        fs::create_dir_all(&self.folder).doing(writing)?;
        write_private(&file, &self.settings()).doing(writing)?;
        for login in &self.logins {
            login.add(&self.folder)?;
        }
        if let Some(pid) = live_pid(&self.folder.join("nats.pid"), "nats-server") {
            ready::gone(pid, &self.folder, Duration::from_secs(10)).await?;
        }
        let mut launch = Launch::new("nats", &tools.nats_server, &self.log);
        launch.args = vec!["--config".into(), file.into()];
        launch.orphan = nix::sys::signal::Signal::SIGTERM;
        Ok(launch)
    }

    /// Waits until the server takes clients.
    ///
    /// # Errors
    /// [`ServiceError::Died`] or [`ServiceError::NotReady`].
    pub async fn ready(&self, process: &Process) -> Result<(), ServiceError> {
        ready::wait(process, PATIENCE, || ready::nats(self.port, &self.name)).await
    }
}

/// Writes a file that only its owner can read.
///
/// # Errors
/// The system's.
pub fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    let mut open = OpenOptions::new();
    let mut opened = open.write(true).create(true).truncate(true).mode(0o600).open(file)?;
    // The file may be an old one with another mode.
    opened.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    opened.write_all(text.as_bytes())
}

/// The process whose id is on the first line of `file`, if it runs under this name.
pub(crate) fn live_pid(file: &Path, name: &str) -> Option<i32> {
    let pid = fs::read_to_string(file).ok()?.lines().next()?.trim().parse().ok()?;
    let same = process::name_of(pid).is_none_or(|running| running == name);
    (process::is_alive(pid) && same).then_some(pid)
}
