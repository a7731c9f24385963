//! `ruche up` as a person uses it: a process with children, real NATS and Postgres, signals, other terminals.
//!
//! The gateway, the worker and the migrations are stand-ins here (see [`stand_in`]): these tests are about the
//! supervisor and need no model. The end-to-end tests run the real programs.

#![allow(clippy::unwrap_used, reason = "a test's helpers may")]

mod stand_in;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use ruche_services::{ports, process::is_alive};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

/// Longer than any step takes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A project folder, and a folder of programs with `ruche` in it.
struct Scene {
    folder: tempfile::TempDir,
    port: u16,
}

struct Up {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scene = Self { folder, port: ports::free() };
        fs::create_dir(scene.programs()).unwrap();
        let ruche = scene.programs().join("ruche");
        fs::hard_link(env!("CARGO_BIN_EXE_ruche"), &ruche)
            .or_else(|_| fs::copy(env!("CARGO_BIN_EXE_ruche"), &ruche).map(drop))
            .unwrap();
        stand_in::place(&scene.programs());
        scene
    }

    fn programs(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join(".ruche")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.programs().join("ruche"));
        command.args(arguments).env("RUCHE_DIR", self.folder.path()).env("RUCHE_MODELS__CHAT", "tiny");
        // No stand-in reads it: an existing file saves each test the making of a model.
        command.env("RUCHE_EMBED__MODEL_PATH", self.programs().join("ruche"));
        command.env("RUCHE_GATEWAY__PORT", self.port.to_string()).kill_on_drop(true);
        command
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        timeout(TIMEOUT, self.command(arguments).output()).await.expect("it ends").unwrap()
    }

    async fn status(&self) -> Value {
        serde_json::from_slice(&self.run(&["status", "--json"]).await.stdout).unwrap()
    }

    async fn up(&self) -> Up {
        let mut child = self.command(&["up"]).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Up { child, lines }
    }

    /// Starts it and waits for the report, which is returned.
    async fn ready(&self) -> (Up, String) {
        let mut up = self.up().await;
        let report = up.until("Say hello").await;
        (up, report)
    }

    fn dev_env(&self) -> String {
        fs::read_to_string(self.data().join("dev.env")).unwrap()
    }
}

impl Up {
    /// Reads its output until a line has `text`; returns all of it.
    async fn until(&mut self, text: &str) -> String {
        let mut printed = String::new();
        let reading = async {
            while let Some(line) = self.lines.next_line().await.unwrap() {
                printed.push_str(&line);
                printed.push('\n');
                if line.contains(text) {
                    return true;
                }
            }
            false
        };
        let found = timeout(TIMEOUT, reading).await;
        assert_eq!(found, Ok(true), "waiting for {text:?}; it printed:\n{printed}");
        printed
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id().expect("it runs")).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    async fn end(mut self) -> ExitStatus {
        // Drain its output.
        while timeout(TIMEOUT, self.lines.next_line()).await.expect("it ends").unwrap().is_some() {}
        timeout(TIMEOUT, self.child.wait()).await.expect("it ends").unwrap()
    }
}

fn pids(status: &Value) -> Vec<i32> {
    let children = status["children"].as_array().unwrap();
    children.iter().map(|child| i32::try_from(child["pid"].as_i64().unwrap()).unwrap()).collect()
}

/// Waits until none of these processes is left.
async fn gone(pids: &[i32]) {
    for pid in pids {
        ruche_services::ready::gone(*pid, Path::new("the test's data"), TIMEOUT).await.unwrap();
    }
}

#[tokio::test]
async fn one_command_starts_everything_and_ctrl_c_stops_it() {
    let scene = Scene::new();
    let (up, report) = scene.ready().await;
    assert!(report.contains("tiny-chat-demo") && report.contains("tiny demo model"), "{report}");
    let dev_env = scene.dev_env();
    assert!(dev_env.contains(&format!("RUCHE_URL=http://127.0.0.1:{}\nRUCHE_KEY=rk_", scene.port)), "{dev_env}");
    for private in ["dev.env", "secrets.json", "nats/server.conf"] {
        let mode = fs::metadata(scene.data().join(private)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{private}");
    }
    let status = scene.status().await;
    assert_eq!(status["ready"], true, "{status}");
    let names: Vec<_> = status["children"].as_array().unwrap().iter().map(|child| child["name"].clone()).collect();
    let all = ["nats", "postgres", "worker-chat", "worker-embed", "worker-render", "gateway"];
    assert_eq!(names, all);
    for name in all {
        assert!(scene.data().join(format!("logs/{name}.log")).is_file(), "{name}");
    }

    let second = scene.run(&["up"]).await;
    assert_eq!(second.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&second.stderr).contains("runs already"));

    up.signal(Signal::SIGINT);
    assert!(up.end().await.success());
    assert!(pids(&status).iter().all(|pid| !is_alive(*pid)));
    assert_eq!(scene.status().await["running"], false);
}

#[tokio::test]
async fn a_killed_supervisor_leaves_nothing_behind_and_the_next_one_finds_the_data() {
    let scene = Scene::new();
    let (up, _) = scene.ready().await;
    let (before, pids) = (scene.dev_env(), pids(&scene.status().await));
    up.signal(Signal::SIGKILL);
    // The next start may come before the last child has ended.
    let (second, _) = scene.ready().await;
    gone(&pids).await;
    assert_eq!(scene.dev_env(), before, "the key is still good");

    let down = scene.run(&["down"]).await;
    assert!(down.status.success(), "{down:?}");
    assert!(second.end().await.success());
    let again = scene.run(&["down"]).await;
    assert!(again.status.success() && String::from_utf8_lossy(&again.stdout).contains("does not run"));
}

#[tokio::test]
async fn a_child_that_dies_comes_back() {
    let scene = Scene::new();
    let (mut up, _) = scene.ready().await;
    let worker = pids(&scene.status().await)[2];
    kill(Pid::from_raw(worker), Signal::SIGKILL).unwrap();
    up.until("worker-chat ended").await;
    let status = timeout(TIMEOUT, async {
        loop {
            let status = scene.status().await;
            if status["children"][2]["restarts"] == 1 {
                return status;
            }
        }
    });
    let status = status.await.expect("it starts again");
    assert_eq!(status["children"][2]["running"], true);
    assert_ne!(pids(&status)[2], worker);
    up.signal(Signal::SIGTERM);
    assert!(up.end().await.success());
}

#[tokio::test]
async fn a_key_that_the_database_forgot_is_made_again() {
    let scene = Scene::new();
    let (up, _) = scene.ready().await;
    let before = scene.dev_env();
    up.signal(Signal::SIGTERM);
    up.end().await;
    stand_in::forget_keys(&scene.programs());
    let (up, _) = scene.ready().await;
    assert_ne!(scene.dev_env(), before);
    up.signal(Signal::SIGTERM);
    up.end().await;
}

#[tokio::test]
async fn a_taken_port_is_named_with_its_setting_before_anything_starts() {
    let scene = Scene::new();
    let _other = std::net::TcpListener::bind(("127.0.0.1", scene.port)).unwrap();
    // Before models are looked for, too.
    let mut up = scene.command(&["up"]);
    let output = timeout(TIMEOUT, up.env("RUCHE_MODELS__CHAT", "no-such-preset").output()).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(printed.contains("RUCHE_GATEWAY__PORT") && printed.contains(&scene.port.to_string()), "{printed}");
    assert!(!scene.data().join("postgres").exists());
}

#[tokio::test]
async fn a_program_that_was_not_built_is_named() {
    let scene = Scene::new();
    fs::remove_file(scene.programs().join("ruche-worker")).unwrap();
    let output = scene.run(&["up"]).await;
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && printed.contains("ruche-worker") && printed.contains("make run"), "{printed}");
}

#[tokio::test]
async fn a_gateway_that_dies_at_start_shows_its_last_lines_and_everything_is_stopped() {
    let scene = Scene::new();
    stand_in::script(&scene.programs(), "ruche-gateway", "echo 'no such setting: colour' >&2; exit 2");
    let output = scene.run(&["up"]).await;
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(printed.contains("no such setting: colour"), "{printed}");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(scene.status().await["running"], false);
}
