//! Why an attempt gave no result, and what happens to the job.

use std::time::Duration;

use ruche_schemas::Failure;

use super::event_log::LogError;

#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Another attempt may succeed: the job is redelivered, after this delay or the kind's own.
    #[error("{source:#}")]
    Retry {
        source: anyhow::Error,
        /// A given delay, such as a `Retry-After`.
        after: Option<Duration>,
    },
    /// No attempt can succeed: the job ends as a dead letter.
    #[error("{0}")]
    Reject(Failure),
    /// Another attempt has the job: this one changes nothing.
    #[error("a later attempt has taken the job over")]
    Superseded,
}

impl JobError {
    /// Another attempt, after the kind's own delay.
    pub fn retry(source: impl Into<anyhow::Error>) -> Self {
        Self::Retry { source: source.into(), after: None }
    }
}

impl From<LogError> for JobError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Superseded | LogError::Ended => Self::Superseded,
            LogError::Unavailable(unavailable) => Self::retry(unavailable),
        }
    }
}
