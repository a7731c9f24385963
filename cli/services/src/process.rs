//! A child process that cannot outlive the program that started it.
//!
//! Linux sends a chosen signal to a child when the *thread* that started it ends. Runtime threads come and go, so
//! each child has its own thread here, which starts it, waits for it, and publishes its exit status. So any runtime
//! can wait for a child, which one shared by several tests needs.

use std::{
    ffi::OsString,
    fs::{File, OpenOptions},
    io::{Read, Seek, SeekFrom},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, getppid},
};
use tokio::{
    sync::{oneshot, watch},
    time::timeout,
};

use crate::{ServiceError, error::Doing, user::Account};

/// Everything needed to start a program, repeatedly.
#[derive(Debug, Clone)]
pub struct Launch {
    /// For people.
    pub name: String,
    pub program: PathBuf,
    /// Other users of the machine can read them: no secrets.
    pub args: Vec<OsString>,
    /// Added to the inherited environment.
    pub env: Vec<(String, String)>,
    /// `None`: our own user.
    pub account: Option<Account>,
    /// Its output is appended to this file.
    pub log: PathBuf,
    /// The signal that asks it to end.
    pub stop: Signal,
    /// The signal it gets when this program dies.
    pub orphan: Signal,
}

impl Launch {
    /// With SIGTERM to stop it and SIGKILL when orphaned.
    pub fn new(name: impl Into<String>, program: impl Into<PathBuf>, log: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            account: None,
            log: log.into(),
            stop: Signal::SIGTERM,
            orphan: Signal::SIGKILL,
        }
    }

    /// # Errors
    /// [`ServiceError::Io`] if its log can't be opened or the program can't be run.
    pub async fn spawn(&self) -> Result<Process, ServiceError> {
        let starting = || format!("starting {} ({})", self.name, self.program.display());
        let log = OpenOptions::new().create(true).append(true).open(&self.log);
        let log = log.doing(|| format!("opening the log {}", self.log.display()))?;
        let log_start = log.metadata().map_or(0, |meta| meta.len());
        let mut command = self.command(log).doing(starting)?;
        let (exit_tx, exit) = watch::channel(None);
        let (pid_tx, pid) = oneshot::channel();
        let thread = std::thread::Builder::new().name(format!("wait-{}", self.name));
        let run = move || match command.spawn() {
            Ok(mut child) => {
                let _ = pid_tx.send(Ok(child.id()));
                let status = child.wait().unwrap_or_else(|_| ExitStatus::from_raw(255 << 8));
                exit_tx.send_replace(Some(status));
            }
            Err(error) => drop(pid_tx.send(Err(error))),
        };
        thread.spawn(run).doing(starting)?;
        let pid = pid.await.map_err(std::io::Error::other).and_then(|pid| pid).doing(starting)?;
        let pid = Pid::from_raw(i32::try_from(pid).unwrap_or(i32::MAX));
        Ok(Process { name: self.name.clone(), pid, stop: self.stop, log: self.log.clone(), log_start, exit })
    }

    fn command(&self, log: File) -> std::io::Result<Command> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .envs(self.env.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stderr(log.try_clone()?)
            .stdout(log)
            // Ctrl-C reaches the whole group of the terminal; the supervisor must stop its children in order.
            .process_group(0);
        if let Some(account) = self.account {
            // std drops the supplementary groups with the user. That user may not enter our working folder.
            command.uid(account.uid).gid(account.gid).current_dir("/");
        }
        die_with_parent(&mut command, self.orphan);
        Ok(command)
    }
}

/// Makes the child of `command` receive `signal` when the thread that spawns it ends.
#[expect(
    unsafe_code,
    reason = "only a hook between fork and exec can set this; it calls two system calls and allocates nothing"
)]
fn die_with_parent(command: &mut Command, signal: Signal) {
    let parent = Pid::this();
    let hook = move || {
        // std runs this after it changed the user, which would have cleared the setting.
        #[cfg(target_os = "linux")]
        nix::sys::prctl::set_pdeathsig(signal)?;
        #[cfg(not(target_os = "linux"))]
        let _ = signal;
        // Our parent may have died before the line above.
        if getppid() == parent { Ok(()) } else { Err(std::io::ErrorKind::BrokenPipe.into()) }
    };
    // SAFETY: the hook is async-signal-safe: prctl and getppid, no allocation, no lock.
    unsafe { command.pre_exec(hook) };
}

#[derive(Debug, Clone)]
pub struct Process {
    name: String,
    pid: Pid,
    stop: Signal,
    log: PathBuf,
    log_start: u64,
    exit: watch::Receiver<Option<ExitStatus>>,
}

impl Process {
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// `None` while it runs.
    #[must_use]
    pub fn status(&self) -> Option<ExitStatus> {
        *self.exit.borrow()
    }

    /// Waits for its end. Safe to drop and call again.
    pub async fn exited(&self) -> ExitStatus {
        let mut exit = self.exit.clone();
        let ended = exit.wait_for(Option::is_some).await.ok().and_then(|status| *status);
        ended.unwrap_or_else(|| ExitStatus::from_raw(255 << 8))
    }

    pub fn signal(&self, signal: Signal) {
        if self.status().is_none() {
            // An error means that it ended just now.
            let _ = kill(self.pid, signal);
        }
    }

    /// Asks it to end, waits for `limit`, then kills it.
    pub async fn stop(&self, limit: Duration) -> ExitStatus {
        self.signal(self.stop);
        match timeout(limit, self.exited()).await {
            Ok(status) => status,
            Err(_) => {
                self.signal(Signal::SIGKILL);
                self.exited().await
            }
        }
    }

    /// Sends `signal`, waits up to `limit` without a runtime, then kills it: for `Drop`.
    pub fn stop_blocking(&self, signal: Signal, limit: Duration) {
        self.signal(signal);
        let start = Instant::now();
        while self.status().is_none() && start.elapsed() < limit {
            std::thread::sleep(Duration::from_millis(2));
        }
        self.signal(Signal::SIGKILL);
    }

    /// The last lines of this start's log.
    #[must_use]
    pub fn last_lines(&self) -> String {
        last_lines(&self.log, self.log_start, 12)
    }
}

/// The last `count` lines of a file, reading no further back than byte `from` and 8 KiB from the end.
#[must_use]
pub fn last_lines(file: &Path, from: u64, count: usize) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(file)?;
        let length = file.metadata()?.len();
        // A truncated log is shorter than `from`.
        let from = if from > length { 0 } else { from };
        file.seek(SeekFrom::Start(from.max(length.saturating_sub(8192))))?;
        let mut bytes = Vec::new();
        file.take(8192).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let text = String::from_utf8_lossy(&read().unwrap_or_default()).into_owned();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let kept = &lines[lines.len().saturating_sub(count)..];
    if kept.is_empty() { "  (it logged nothing)".to_owned() } else { format!("  {}", kept.join("\n  ")) }
}

/// Whether all threads of a process are stopped: the signal reaches them one after the other.
#[must_use]
pub fn is_stopped(pid: i32) -> bool {
    let Ok(mut threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return false };
    threads.all(|thread| {
        let stat = thread.and_then(|thread| std::fs::read_to_string(thread.path().join("stat"))).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    })
}

#[must_use]
pub fn is_alive(pid: i32) -> bool {
    if pid <= 0 || matches!(kill(Pid::from_raw(pid), None), Err(nix::errno::Errno::ESRCH)) {
        return false;
    }
    // A dead child that nobody has waited for yet still has an id.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z'))
}

/// Its short name, if the system tells.
#[must_use]
pub fn name_of(pid: i32) -> Option<String> {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).ok().map(|name| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(folder: &Path, script: &str) -> Launch {
        let mut launch = Launch::new("sh", "/bin/sh", folder.join("log"));
        launch.args = vec!["-c".into(), script.into()];
        launch
    }

    #[tokio::test]
    async fn how_a_child_ended_and_what_it_said_last_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let process = shell(folder.path(), "echo one; echo two >&2; exit 7").spawn().await.unwrap();
        assert_eq!(process.exited().await.code(), Some(7));
        assert_eq!(process.last_lines(), "  one\n  two");
        assert!(!is_alive(process.pid()));
    }

    #[tokio::test]
    async fn a_child_that_ignores_the_request_is_killed() {
        let folder = tempfile::tempdir().unwrap();
        let process = shell(folder.path(), "trap '' TERM; echo up; while :; do sleep 1; done").spawn().await.unwrap();
        let up = || async { process.last_lines().contains("up") };
        crate::ready::wait(&process, Duration::from_secs(10), up).await.unwrap();
        assert_eq!(process.stop(Duration::from_millis(50)).await.signal(), Some(9));
    }

    #[tokio::test]
    async fn a_program_that_does_not_exist_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let launch = Launch::new("ghost", "/nowhere/ghost", folder.path().join("log"));
        let error = launch.spawn().await.unwrap_err().to_string();
        assert!(error.contains("/nowhere/ghost"), "{error}");
    }

    #[tokio::test]
    async fn a_child_that_dies_at_start_shows_its_last_lines() {
        let folder = tempfile::tempdir().unwrap();
        let process = shell(folder.path(), "echo no room left; exit 3").spawn().await.unwrap();
        let error = crate::ready::wait(&process, Duration::from_secs(10), || async { false }).await.unwrap_err();
        assert!(error.to_string().contains("no room left"), "{error}");
        assert!(error.to_string().contains('3'), "{error}");
    }
}
