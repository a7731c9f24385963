//! Supervises children: restarts each when it dies, and stops them in order.
//!
//! The delay before a restart doubles from half a second to half a minute, and is reset once a child has run for a
//! minute: a child that always fails costs little, and one that crashed once is back at once.

use std::{fs, io, path::Path, time::Duration};

use ruche_services::{
    ServiceError,
    process::{Launch, Process},
};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::state::{Board, Child, now};

const FIRST_DELAY: Duration = Duration::from_millis(500);
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// A child that ran this long was well.
const RAN_A_WHILE: Duration = Duration::from_secs(60);
/// The largest log; one older log of this size is kept beside it.
const LOG_BYTES: u64 = 10 * 1024 * 1024;
/// How often the size of a log is checked.
const LOG_CHECK: Duration = Duration::from_secs(60);

/// The children, in the order of their start.
#[derive(Debug)]
pub(super) struct Supervisor {
    board: Board,
    supervised: Vec<Supervised>,
    at_once: CancellationToken,
}

#[derive(Debug)]
struct Supervised {
    name: String,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Supervisor {
    pub(super) fn new(board: Board) -> Self {
        Self { board, supervised: Vec::new(), at_once: CancellationToken::new() }
    }

    /// Starts a child and keeps it running. `grace` is how long it may take to end when asked.
    pub(super) async fn start(&mut self, launch: Launch, grace: Duration) -> Result<Process, ServiceError> {
        // A log that can't be truncated is no reason to stop.
        let _ = bound(&launch.log, LOG_BYTES);
        let process = launch.spawn().await?;
        self.adopt(launch, process.clone(), grace);
        Ok(process)
    }

    /// Supervises a child that was started already.
    pub(super) fn adopt(&mut self, launch: Launch, process: Process, grace: Duration) {
        let program = launch.program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let child = Child {
            name: launch.name.clone(),
            program,
            pid: process.pid(),
            running: true,
            restarts: 0,
            since: now(),
            last_end: None,
            log: launch.log.clone(),
        };
        let index = self.supervised.len();
        self.board.change(|state| state.children.push(child));
        let stop = CancellationToken::new();
        let name = launch.name.clone();
        let watcher = Watcher { launch, grace, index, board: self.board.clone(), at_once: self.at_once.clone() };
        let task = tokio::spawn(watcher.supervise(process, stop.clone()));
        self.supervised.push(Supervised { name, stop, task });
    }

    /// Stops all children, the latest first, each after the one before has ended. Safe to drop and call again.
    pub(super) async fn stop(&mut self) {
        while let Some(child) = self.supervised.last_mut() {
            child.stop.cancel();
            if !child.task.is_finished() {
                println!("  stopping {}", child.name);
            }
            let _ = (&mut child.task).await;
            self.supervised.pop();
        }
    }

    /// Makes a running or later [`Supervisor::stop`] kill instead of ask.
    pub(super) fn hurry(&self) {
        self.at_once.cancel();
        for child in &self.supervised {
            child.stop.cancel();
        }
    }
}

#[derive(Debug)]
struct Watcher {
    launch: Launch,
    grace: Duration,
    index: usize,
    board: Board,
    at_once: CancellationToken,
}

impl Watcher {
    async fn supervise(self, first: Process, stop: CancellationToken) {
        let mut current = Some(first);
        let mut delay = FIRST_DELAY;
        loop {
            if let Some(process) = current.take() {
                let started = Instant::now();
                if self.watch(&process, &stop).await {
                    return;
                }
                if started.elapsed() >= RAN_A_WHILE {
                    delay = FIRST_DELAY;
                }
            }
            println!("  {} starts again in {:.1} s; its log is {}", self.launch.name, delay.as_secs_f32(), self.log());
            tokio::select! {
                () = sleep(delay) => delay = (delay * 2).min(LONGEST_DELAY),
                () = stop.cancelled() => return,
            }
            match self.launch.spawn().await {
                Ok(process) => {
                    self.note(|child| {
                        child.pid = process.pid();
                        child.running = true;
                        child.restarts += 1;
                        child.since = now();
                    });
                    current = Some(process);
                }
                Err(error) => println!("  {error}"),
            }
        }
    }

    /// True if it was stopped on request.
    async fn watch(&self, process: &Process, stop: &CancellationToken) -> bool {
        let mut look = tokio::time::interval(LOG_CHECK);
        let status = loop {
            tokio::select! {
                status = process.exited() => break status,
                _ = look.tick() => drop(bound(&self.launch.log, LOG_BYTES)),
                () = stop.cancelled() => {
                    self.end(process).await;
                    return true;
                }
            }
        };
        self.note(|child| {
            child.running = false;
            child.last_end = Some(status.to_string());
        });
        println!("  {} ended ({status})", self.launch.name);
        false
    }

    async fn end(&self, process: &Process) {
        let grace = if self.at_once.is_cancelled() { Duration::ZERO } else { self.grace };
        tokio::select! {
            _ = process.stop(grace) => {}
            () = self.at_once.cancelled() => drop(process.stop(Duration::ZERO).await),
        }
        self.note(|child| child.running = false);
    }

    fn note(&self, change: impl FnOnce(&mut Child)) {
        self.board.change(|state| state.children.get_mut(self.index).map(change).unwrap_or_default());
    }

    fn log(&self) -> String {
        self.launch.log.display().to_string()
    }
}

/// Moves the log to `<log>.1` once it is larger than `limit` bytes. The program keeps writing to the same file: it
/// appends, so it continues at the new end.
fn bound(log: &Path, limit: u64) -> io::Result<()> {
    if fs::metadata(log)?.len() > limit {
        let mut older = log.as_os_str().to_owned();
        older.push(".1");
        fs::copy(log, older)?;
        fs::File::options().write(true).open(log)?.set_len(0)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::State;

    fn shell(folder: &Path, name: &str, script: &str) -> Launch {
        let mut launch = Launch::new(name, "/bin/sh", folder.join(name));
        launch.args = vec!["-c".into(), script.into(), name.into()];
        launch
    }

    /// Waits until the log of `name` satisfies `test`.
    async fn until(folder: &Path, name: &str, test: impl Fn(&str) -> bool) {
        let wait = async {
            while !test(&fs::read_to_string(folder.join(name)).unwrap_or_default()) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), wait).await.expect("the log to say so");
    }

    #[tokio::test]
    async fn a_dead_child_is_started_again_and_the_state_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.json");
        let mut supervisor = Supervisor::new(Board::new(file.clone()));
        // Dies once, then stays.
        let script = "echo up; [ -e \"$1\" ] || { touch \"$1\"; exit 5; }; exec sleep 600";
        let mut launch = shell(folder.path(), "child", script);
        launch.args.push(folder.path().join("died").into());
        supervisor.start(launch, Duration::from_secs(5)).await.unwrap();
        until(folder.path(), "child", |log| log.matches("up").count() == 2).await;
        until(folder.path(), "state.json", |state| state.contains("\"restarts\": 1")).await;
        let child = &State::read(&file).unwrap().children[0];
        assert!(child.running && child.last_end.as_ref().unwrap().contains('5'), "{child:?}");
        supervisor.stop().await;
        assert!(!ruche_services::process::is_alive(State::read(&file).unwrap().children[0].pid));
    }

    #[tokio::test]
    async fn children_stop_in_the_reverse_order_of_their_start() {
        let folder = tempfile::tempdir().unwrap();
        let mut supervisor = Supervisor::new(Board::new(folder.path().join("state.json")));
        let order = folder.path().join("order");
        for name in ["first", "second"] {
            let script = "trap 'echo \"$0\" >> \"$1\"; exit' TERM; echo up; while :; do sleep 0.05; done";
            let mut launch = shell(folder.path(), name, script);
            launch.args.push(order.clone().into());
            supervisor.start(launch, Duration::from_secs(20)).await.unwrap();
            until(folder.path(), name, |log| log.contains("up")).await;
        }
        supervisor.stop().await;
        assert_eq!(fs::read_to_string(order).unwrap(), "second\nfirst\n");
    }

    #[tokio::test]
    async fn a_second_request_to_stop_kills_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut supervisor = Supervisor::new(Board::new(folder.path().join("state.json")));
        let launch = shell(folder.path(), "deaf", "trap '' TERM; echo up; while :; do sleep 0.05; done");
        let process = supervisor.start(launch, Duration::from_secs(3600)).await.unwrap();
        until(folder.path(), "deaf", |log| log.contains("up")).await;
        let first = tokio::time::timeout(Duration::from_millis(50), supervisor.stop()).await;
        assert!(first.is_err(), "it ignores the request");
        supervisor.hurry();
        supervisor.stop().await;
        assert!(process.status().is_some());
    }

    #[test]
    fn a_large_log_is_moved_aside_and_goes_on_in_the_same_file() {
        use std::io::Write;
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("x.log");
        let mut writer = fs::File::options().create(true).append(true).open(&log).unwrap();
        writer.write_all(b"long line\n").unwrap();
        bound(&log, 5).unwrap();
        writer.write_all(b"next\n").unwrap();
        assert_eq!(fs::read_to_string(&log).unwrap(), "next\n");
        assert_eq!(fs::read_to_string(folder.path().join("x.log.1")).unwrap(), "long line\n");
    }
}
