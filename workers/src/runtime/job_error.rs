//! Why an attempt gave no result, and what happens to the job.

use std::time::Duration;

use ruche_schemas::Failure;

use super::event_log::LogError;

/// Why an attempt gave no result, and what happens to the job.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Another attempt may succeed: the job is handed out again, after this delay or the kind's own.
    #[error("{source:#}")]
    Retry {
        source: anyhow::Error,
        /// How long to wait, if somebody (a `Retry-After`) has named it.
        after: Option<Duration>,
    },
    /// No attempt can succeed: the job ends, and is kept as a dead letter.
    #[error("{0}")]
    Reject(Failure),
    /// Another attempt has the job: this one leaves everything as it is.
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
