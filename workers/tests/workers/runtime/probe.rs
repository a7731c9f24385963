//! A kind of job that does as it is told.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use ruche_schemas::{Backoff, Envelope, Failure, Invalid, Job, JobId, JobRef, Kind, Limits, event::Progress};
use ruche_store::{files::File, ledger::Write};
use ruche_workers::{
    registry::Handler,
    runtime::{Context, JobError},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Semaphore, watch},
    time::timeout,
};

/// The timeout of each wait, so that no test hangs.
pub const TIMEOUT: Duration = Duration::from_secs(60);

/// A job that does as it is told.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub enum Probe {
    /// Succeeds.
    Echo(String),
    /// Gives a text of so many bytes, quotes included.
    Grow(usize),
    /// Waits until the test opens the gate, then ends well.
    Gated,
    /// Fails and asks for another try.
    Fail,
    /// Fails once, then ends well.
    FailOnce,
    /// Can never be done.
    Reject,
    /// Panics.
    Panic,
    /// Reports this many times, then ends well.
    Report(u32),
    /// Says how far it is, this many times at once, then ends well.
    Steps(u64),
    /// Asks for another try after an hour.
    Later,
    /// Makes a document of this text, and gives its claim as JSON.
    Document(String),
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Step(pub u32);

impl Progress for Step {}

impl Job for Probe {
    const KIND: Kind = Kind::new("probe");
    const VERSION: u16 = 1;
    const LIMITS: Limits = Limits {
        payload_bytes: 8 << 20,
        deadline: Duration::from_secs(60),
        attempts: 3,
        backoff: Backoff { base: Duration::from_millis(10), factor: 1.0, cap: Duration::from_millis(10) },
    };
    type Progress = Step;
    type Output = String;
    type Settings = ();

    fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Echo(text) if text == "bad" => Err(Invalid::new("echo", "may be anything but \"bad\"")),
            _ => Ok(()),
        }
    }
}

/// That its workers have.
pub const MODEL: &str = "probe-model";

pub struct ProbeHandler {
    pub gate: Semaphore,
    pub began: Semaphore,
    /// Gated jobs that run now, and the most that ever ran at once.
    pub running: Mutex<(u32, u32)>,
    /// How often each job ran.
    runs: watch::Sender<HashMap<JobId, u32>>,
}

impl ProbeHandler {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            gate: Semaphore::new(0),
            began: Semaphore::new(0),
            running: Mutex::default(),
            runs: watch::Sender::default(),
        })
    }

    pub fn runs(&self, job: &JobRef) -> u32 {
        self.runs.borrow().get(&job.id).copied().unwrap_or(0)
    }

    /// Waits until this job runs, or has run.
    pub async fn ran(&self, job: &JobRef) {
        let mut runs = self.runs.subscribe();
        timeout(TIMEOUT, runs.wait_for(|runs| runs.contains_key(&job.id))).await.expect("a run in time").unwrap();
    }

    pub async fn wait_for_begin(&self) {
        timeout(TIMEOUT, self.began.acquire()).await.expect("a job in time").unwrap().forget();
    }
}

/// The runtime owns its handler; this lets the test share it.
pub struct Shared(pub Arc<ProbeHandler>);

#[async_trait]
impl Handler<Probe> for Shared {
    async fn handle(&self, job: &Envelope<Probe>, context: Context<Probe>) -> Result<String, JobError> {
        self.0.runs.send_modify(|runs| *runs.entry(job.id).or_default() += 1);
        match &job.body {
            Probe::Echo(text) => return Ok(text.clone()),
            Probe::Grow(bytes) => return Ok("x".repeat(bytes - 2)),
            Probe::Gated => {
                {
                    let mut running = self.0.running.lock().unwrap();
                    running.0 += 1;
                    running.1 = running.1.max(running.0);
                }
                self.0.began.add_permits(1);
                self.0.gate.acquire().await.unwrap().forget();
                self.0.running.lock().unwrap().0 -= 1;
            }
            Probe::Fail => return Err(JobError::retry(anyhow::anyhow!("told to fail"))),
            Probe::FailOnce if context.attempt == 1 => {
                return Err(JobError::retry(anyhow::anyhow!("told to fail once")));
            }
            Probe::FailOnce => {}
            Probe::Reject => return Err(JobError::Reject(Failure::new("told_to", "told to reject"))),
            Probe::Panic => panic!("told to panic"),
            Probe::Steps(all) => (1..=*all).for_each(|done| context.steps(done, Some(*all), "stepping")),
            Probe::Later => {
                let after = Some(Duration::from_secs(3600));
                return Err(JobError::Retry { source: anyhow::anyhow!("told to come later"), after });
            }
            Probe::Document(text) => {
                let claim = context.keep_document(text.clone().into_bytes().into())?;
                return Ok(serde_json::to_string(&claim).unwrap());
            }
            Probe::Report(times) => {
                for step in 1..=*times {
                    context.progress(Step(step)).await;
                }
            }
        }
        Ok("done".into())
    }

    fn models(&self) -> Vec<String> {
        vec![MODEL.to_owned()]
    }

    fn writes(&self, job: &Envelope<Probe>, output: &String) -> Vec<Write> {
        let Probe::Document(text) = &job.body else { return Vec::new() };
        let (media_type, template) = ("text/plain".to_owned(), "none".to_owned());
        let (claim, title) = (serde_json::from_str(output).unwrap(), Some(text.chars().take(10).collect()));
        vec![Write::File(File { claim, media_type, pages: 1, title, template, warnings: 0 })]
    }
}
