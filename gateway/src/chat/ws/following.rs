//! The jobs that one socket follows.
//!
//! One task per job waits for its events, with a short queue between the tasks and the socket. A slow client fills the
//! queue, the tasks wait, and nothing is read from the bus.

use std::collections::HashSet;

use ruche_schemas::{EventType, JobId};
use serde_json::Value;
use tokio::{sync::mpsc, task::JoinSet};

use super::protocol;
use crate::{
    http::{error::ApiError, limits},
    jobs::relay::{CancelOnDrop, Relay},
};

pub(super) struct Following {
    queue: (mpsc::Sender<Value>, mpsc::Receiver<Value>),
    tasks: JoinSet<JobId>,
    jobs: HashSet<JobId>,
}

impl Following {
    pub(super) fn new() -> Self {
        Self { queue: mpsc::channel(limits::SOCKET_QUEUE), tasks: JoinSet::new(), jobs: HashSet::new() }
    }

    /// Whether there is no job, and nothing more to send.
    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.queue.1.is_empty()
    }

    /// Refuses a job that the socket follows.
    pub(super) fn check_new(&self, job: JobId) -> Result<(), ApiError> {
        match self.jobs.contains(&job) {
            true => Err(ApiError::conflict("already_following", "this socket follows this job already")),
            false => Ok(()),
        }
    }

    /// Refuses another job over the bound, to which submissions under way count.
    pub(super) fn check_room(&self, asking: usize) -> Result<(), ApiError> {
        match self.jobs.len() + asking < limits::SOCKET_JOBS {
            true => Ok(()),
            false => {
                let message = format!("this socket follows {} jobs already: wait for one to end", limits::SOCKET_JOBS);
                Err(ApiError::conflict("too_many_jobs", message))
            }
        }
    }

    /// Waits for the next message to the client; `None`: a job has ended. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Option<Value> {
        tokio::select! {
            message = self.queue.1.recv() => message,
            Some(ended) = self.tasks.join_next(), if !self.tasks.is_empty() => {
                if let Ok(job) = ended {
                    self.jobs.remove(&job);
                }
                None
            }
        }
    }

    /// Sends a job's events as they come. A chat was answered with `accepted` before.
    pub(super) fn add(&mut self, mut relay: Relay, mut guard: CancelOnDrop, answered: bool) {
        let (job, queue) = (relay.job.clone(), self.queue.0.clone());
        let id = job.id;
        self.tasks.spawn(async move {
            while let Some(item) = relay.next().await {
                let message = match item {
                    Ok(record) if answered && record.event == EventType::Accepted => continue,
                    Ok(record) => {
                        if record.event.is_final() {
                            guard.disarm();
                        }
                        protocol::event(&job, &record)
                    }
                    Err(interrupted) => {
                        guard.disarm();
                        protocol::error(None, Some(&job), &interrupted.error(&job))
                    }
                };
                if queue.send(message).await.is_err() {
                    break;
                }
            }
            job.id
        });
        self.jobs.insert(id);
    }
}
