//! A nats-server with JetStream on 127.0.0.1, or a cluster of several.
//!
//! Settings and logins are in files of mode 0600: every user of the machine can read arguments.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    ServiceError,
    error::Doing,
    files::{live_pid, write_private},
    logins::Login,
    ports,
    process::{Launch, Process},
    ready,
    tools::Tools,
};

/// How long a nats-server may take until it is ready: recovery of a large store takes time.
const TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug, Clone)]
pub struct Options {
    pub folder: PathBuf,
    pub log: PathBuf,
    /// On 127.0.0.1.
    pub port: u16,
    /// Without logins, everybody on this machine has access.
    pub logins: Vec<Login>,
    /// Random, so that another server on the same port is not mistaken for it.
    pub name: String,
    /// `None`: a single server.
    pub member: Option<Member>,
}

#[derive(Debug, Clone)]
pub struct Member {
    /// On 127.0.0.1, for the other servers.
    pub port: u16,
    /// On 127.0.0.1, for health checks, without authentication.
    pub monitor: u16,
    /// The route ports of all members, this one's too.
    pub routes: Vec<u16>,
    /// The password among the servers: letters and digits, beginning with a letter.
    pub password: String,
}

impl Member {
    /// As in `nats/cluster.conf`, as far as it affects failures and elections.
    fn settings(&self) -> String {
        let Self { port, monitor, routes, password } = self;
        let routes = routes.iter().map(|port| format!("\"nats-route://cluster:{password}@127.0.0.1:{port}\""));
        let routes = routes.collect::<Vec<_>>().join(", ");
        format!(
            "http: \"127.0.0.1:{monitor}\"\nping_interval: \"10s\"\nping_max: 3\nwrite_deadline: \"10s\"\n\
             cluster {{ name: ruche, listen: \"127.0.0.1:{port}\", routes: [ {routes} ], \
             authorization {{ user: cluster, password: {password}, timeout: 2 }} }}\n"
        )
    }
}

/// The servers of a cluster, each with a folder below this one, on free ports. None is ready before most of them run.
#[must_use]
pub fn cluster(folder: &Path, servers: usize) -> Vec<Options> {
    let routes: Vec<u16> = (0..servers).map(|_| ports::free()).collect();
    let (secret, password) = (crate::random_secret(), crate::random_secret());
    let server = |(at, &port): (usize, &u16)| {
        let name = format!("n{}", at + 1);
        let (folder, log) = (folder.join(&name), folder.join(format!("{name}.log")));
        let member = Member { port, monitor: ports::free(), routes: routes.clone(), password: password.clone() };
        Options { name: format!("{name}-{secret}"), member: Some(member), ..Options::new(folder, log, ports::free()) }
    };
    routes.iter().enumerate().map(server).collect()
}

impl Options {
    /// A server without logins, with a random name.
    #[must_use]
    pub fn new(folder: PathBuf, log: PathBuf, port: u16) -> Self {
        let name = format!("ruche-{}", crate::random_secret());
        Self { folder, log, port, logins: Vec::new(), name, member: None }
    }

    fn settings(&self) -> String {
        let folder = self.folder.display();
        let users = if self.logins.is_empty() { "" } else { "include \"users.conf\"\n" };
        let member = self.member.as_ref().map(Member::settings).unwrap_or_default();
        format!(
            "server_name: {}\nlisten: \"127.0.0.1:{}\"\npid_file: \"{folder}/nats.pid\"\n\
             jetstream {{ store_dir: \"{folder}/streams\" }}\n{member}{users}",
            self.name, self.port
        )
    }

    /// Writes the settings, and waits for the end of an earlier server on the same streams.
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

    /// Waits until the server takes clients. One of a cluster must have a leader, and must have caught up with it in
    /// all its streams and consumers.
    ///
    /// # Errors
    /// [`ServiceError::Died`] or [`ServiceError::NotReady`].
    pub async fn ready(&self, process: &Process) -> Result<(), ServiceError> {
        ready::wait(process, TIMEOUT, || async { ready::nats(self.port, &self.name).await && self.is_current().await })
            .await
    }

    /// Whether a server of a cluster has all that the others have. Always true for a single one.
    pub async fn is_current(&self) -> bool {
        let Some(member) = &self.member else { return true };
        ready::http("127.0.0.1", member.monitor, "/healthz").await.is_ok_and(|(status, _)| status == 200)
    }
}
