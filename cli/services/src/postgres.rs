//! A Postgres server on 127.0.0.1, with one superuser and one database, both called `ruche`.
//!
//! Passwords use SCRAM, there is no Unix socket, and the data folder belongs to the user that runs the server: our
//! own, or `nobody` when we are root.

use std::{
    fs,
    io::Write,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use nix::sys::signal::Signal;

use crate::{
    ServiceError,
    error::Doing,
    files::live_pid,
    process::{Launch, Process},
    ready,
    tools::Tools,
    user::{self, Account},
};

/// How long Postgres may take until it is ready: recovery after a power failure takes time.
const TIMEOUT: Duration = Duration::from_secs(120);
/// Marks a complete data folder: an interrupted first start is done again.
const COMPLETE: &str = "ruche.complete";
/// Only from this machine, only with the password.
const ACCESS: &str = "host all all 127.0.0.1/32 scram-sha-256\n";

#[derive(Debug, Clone)]
pub struct Options {
    /// If root can't give it to `nobody`, a link to it.
    pub data: PathBuf,
    pub log: PathBuf,
    /// On 127.0.0.1.
    pub port: u16,
    /// Of the user `ruche`: letters and digits. Used when the data folder is made.
    pub password: String,
    /// Over Postgres's defaults.
    pub settings: Vec<(&'static str, String)>,
}

impl Options {
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://ruche:{}@127.0.0.1:{}/ruche", self.password, self.port)
    }

    /// Makes the data folder if there is none, and waits for the end of an earlier server on it.
    ///
    /// # Errors
    /// Those of [`user::reachable_postgres`], [`user::reachable_folder`], `initdb`, or [`ServiceError::InUse`].
    pub async fn prepare(&self, tools: &Tools) -> Result<Launch, ServiceError> {
        let account = Account::for_postgres();
        let (tools, options) = (tools.clone(), self.clone());
        let prepare = move || -> Result<(PathBuf, PathBuf), ServiceError> {
            let bin = user::reachable_postgres(&tools, account)?;
            let data = user::reachable_folder(&options.data, account)?;
            if !data.join(COMPLETE).exists() {
                initialise(&bin, &data, &options.password, account)?;
            }
            Ok((bin, data))
        };
        let prepared = tokio::task::spawn_blocking(prepare).await;
        let (bin, data) = prepared.map_err(std::io::Error::other).doing(|| "preparing Postgres".to_owned())??;
        if let Some(pid) = live_pid(&data.join("postmaster.pid"), "postgres") {
            ready::gone(pid, &data, Duration::from_secs(15)).await?;
        }
        let mut launch = Launch::new("postgres", bin.join("postgres"), &self.log);
        launch.args = vec!["-D".into(), data.into()];
        let own = [
            ("port", self.port.to_string()),
            ("listen_addresses", "127.0.0.1".to_owned()),
            ("unix_socket_directories", String::new()),
        ];
        for (key, value) in own.iter().chain(&self.settings) {
            launch.args.extend(["-c".into(), format!("{key}={value}").into()]);
        }
        launch.account = account;
        // Fast shutdown: clients are disconnected, the data is left clean. SIGTERM would wait for the clients to
        // leave.
        launch.stop = Signal::SIGINT;
        launch.orphan = Signal::SIGINT;
        Ok(launch)
    }

    /// Waits until the server takes logins.
    ///
    /// # Errors
    /// [`ServiceError::Died`] or [`ServiceError::NotReady`].
    pub async fn ready(&self, process: &Process) -> Result<(), ServiceError> {
        let ours = || is_ready(&self.data, process.pid());
        ready::wait(process, TIMEOUT, || async { ours() && ready::postgres(self.port).await }).await
    }
}

/// Whether the server with this process id is ready, by its data folder: another one may answer on its port.
///
/// Source: PostgreSQL's `miscadmin.h`: the process id is the first line of `postmaster.pid`, the status the eighth.
fn is_ready(data: &Path, pid: i32) -> bool {
    let text = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.first().is_some_and(|first| *first == pid.to_string()) && lines.get(7) == Some(&"ready")
}

/// Fills an empty data folder: `initdb`, the access rules, then the password and the database in single-user mode, so
/// that no reachable server is running yet.
pub(crate) fn initialise(
    bin: &Path,
    data: &Path,
    password: &str,
    account: Option<Account>,
) -> Result<(), ServiceError> {
    for entry in fs::read_dir(data).doing(|| format!("reading {}", data.display()))?.flatten() {
        let path = entry.path();
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.doing(|| format!("removing the unfinished {}", path.display()))?;
    }
    let locale = if cfg!(target_os = "macos") { "en_US.UTF-8" } else { "C.UTF-8" };
    let mut initdb = Command::new(bin.join("initdb"));
    initdb.arg("-D").arg(data).args(["--username=ruche", "--encoding=UTF8", "--auth=reject", "--no-instructions"]);
    run(initdb.arg("--wal-segsize=4").arg(format!("--locale={locale}")), account, "")?;
    let writing = || format!("writing to {}", data.display());
    fs::write(data.join("pg_hba.conf"), ACCESS).doing(writing)?;
    let mut single = Command::new(bin.join("postgres"));
    single.args(["--single", "-c", "log_checkpoints=off", "-D"]).arg(data).arg("postgres");
    run(&mut single, account, &format!("ALTER ROLE ruche PASSWORD '{password}'\nCREATE DATABASE ruche\n"))?;
    fs::write(data.join(COMPLETE), "").doing(writing)
}

/// Runs a one-off program to its end, with this input.
fn run(command: &mut Command, account: Option<Account>, input: &str) -> Result<(), ServiceError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let running = || format!("running {program}");
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid).current_dir("/");
    }
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().doing(running)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ended early is reported below, by its status.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().doing(running)?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    // Single-user mode reports an error of a statement and continues.
    if output.status.success() && !said.contains("ERROR:") {
        return Ok(());
    }
    let last = said.lines().rev().take(12).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n");
    Err(ServiceError::Failed { program, status: output.status.to_string(), output: last })
}
