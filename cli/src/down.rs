//! `ruche down`: asks the running supervisor to stop, and waits until it has.

use std::time::Duration;

use anyhow::{Context, Result};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::time::{Instant, sleep};

use crate::{Refused, project::Project, state::State};

/// Longer than all the children's grace together.
const TIMEOUT: Duration = Duration::from_secs(180);

pub(crate) async fn run(project: &Project) -> Result<()> {
    if !project.is_running() {
        println!("Ruche does not run on {}.", project.data.display());
        return Ok(());
    }
    let state = State::read(&project.state());
    // The lock is taken a moment before the state is written.
    let state = state.context("Ruche is just starting: try again in a moment")?;
    kill(Pid::from_raw(state.pid), Signal::SIGTERM)
        .with_context(|| format!("process {} can't be asked to stop", state.pid))?;
    println!("Stopping process {}.", state.pid);
    let start = Instant::now();
    while project.is_running() {
        if start.elapsed() > TIMEOUT {
            return Err(Refused::because(format!(
                "process {} has not stopped after {} s; `kill -9 {}` ends it and its children at once",
                state.pid,
                TIMEOUT.as_secs(),
                state.pid
            )));
        }
        sleep(Duration::from_millis(50)).await;
    }
    println!("Stopped.");
    Ok(())
}
