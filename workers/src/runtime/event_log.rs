//! A job's event log, for its one writer; our own, because no library appends to a stream on condition of its last
//! sequence.
//!
//! Each event names the one before it, so the server refuses a worker that was presumed dead and replaced: its next
//! event fails with [`LogError::Superseded`], and it stops.

use std::{sync::Arc, time::Duration};

use ruche_bus::{AppendError, Bus, Logged, Unavailable};
use ruche_schemas::{Claim, EventType, JobRef, Kind, Record, clock::Clock, event::Outcome};
use serde_json::Value;

use super::retry::RETRY;

/// How long an event waits for the bus before the attempt fails.
const APPEND_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A later attempt writes this log now.
    #[error("a later attempt has taken the job over")]
    Superseded,
    /// The job has ended: its log takes no more events.
    #[error("the job has already ended")]
    Ended,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The log of one job, open for one attempt.
pub struct EventLog {
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    job: JobRef,
    kind: Kind,
    attempt: u32,
    sequence: u64,
    n: u64,
    /// The data of `started`, until that is appended.
    started: Option<Value>,
}

impl EventLog {
    /// Opens the log after this last event.
    #[must_use]
    pub fn open(
        on: (Arc<dyn Bus>, Arc<dyn Clock>),
        job: JobRef,
        kind: Kind,
        attempt: u32,
        last: Option<&Logged>,
    ) -> Self {
        let (bus, clock) = on;
        let (sequence, n) = last.map_or((0, 0), |last| (last.sequence, last.record.n));
        Self { bus, clock, job, kind, attempt, sequence, n, started: None }
    }

    /// Opens the log of a job that no worker has had, without reading it: it is empty, or holds `accepted` with this
    /// sequence. If it holds something else, the first append is refused.
    #[must_use]
    pub fn open_new(
        on: (Arc<dyn Bus>, Arc<dyn Clock>),
        job: JobRef,
        kind: Kind,
        attempt: u32,
        first_seq: Option<u64>,
    ) -> Self {
        let (bus, clock) = on;
        let (sequence, n) = first_seq.map_or((0, 0), |first_seq| (first_seq, 1));
        Self { bus, clock, job, kind, attempt, sequence, n, started: None }
    }

    /// `started` is appended by [`Self::emit_started`], or before the first event that is not the last.
    pub fn begin(&mut self, started: Value) {
        self.started = Some(started);
    }

    /// Whether `started` is still to be appended.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.started.is_some()
    }

    /// Appends `started`, if that is still to be done.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub async fn emit_started(&mut self) -> Result<(), LogError> {
        match self.started.take() {
            Some(started) => self.write(EventType::Started, started, None).await,
            None => Ok(()),
        }
    }

    /// Appends an event; returns when it is stored.
    ///
    /// # Errors
    /// When another attempt has the log, the job has ended, or the bus is unavailable for a minute.
    pub async fn append(&mut self, event: EventType, data: Value) -> Result<(), LogError> {
        if !event.is_final() {
            self.emit_started().await?;
        }
        self.write(event, data, None).await
    }

    /// Appends the last event.
    ///
    /// # Errors
    /// As [`EventLog::append`].
    pub async fn end(&mut self, outcome: &Outcome<Value>) -> Result<(), LogError> {
        let data = outcome.data().unwrap_or_default();
        self.write(outcome.event_type(), data, outcome.claim().cloned()).await
    }

    async fn write(&mut self, event: EventType, data: Value, claim: Option<Claim>) -> Result<(), LogError> {
        let mut retry = RETRY.delays_within(APPEND_TIMEOUT);
        let (kind, attempt) = (self.kind.clone(), self.attempt);
        let mut record = Record { n: self.n + 1, event, kind, attempt, at: self.clock.now(), data, claim };
        loop {
            let unavailable = match self.bus.append(&self.job, self.sequence, &record).await {
                Ok(sequence) => {
                    (self.sequence, self.n) = (sequence, record.n);
                    return Ok(());
                }
                Err(AppendError::Conflict) => match self.bus.last(&self.job).await {
                    Ok(last) => match self.resolve(last, &mut record)? {
                        true => return Ok(()),
                        false => continue,
                    },
                    Err(unavailable) => unavailable,
                },
                Err(AppendError::Unavailable(unavailable)) => unavailable,
            };
            if !retry.wait().await {
                return Err(unavailable.into());
            }
        }
    }

    /// Resolves a conflict by the last event. True: it is this very record, whose confirmation was lost. False: the
    /// record is to be appended again, after the last event.
    fn resolve(&mut self, last: Option<Logged>, record: &mut Record) -> Result<bool, LogError> {
        let Some(last) = last else {
            // The log has expired: begin it anew, with the next number.
            self.sequence = 0;
            return Ok(false);
        };
        if last.record == *record {
            (self.sequence, self.n) = (last.sequence, last.record.n);
            return Ok(true);
        }
        if last.record.event.is_final() {
            return Err(LogError::Ended);
        }
        if last.record.attempt >= self.attempt {
            return Err(LogError::Superseded);
        }
        (self.sequence, self.n) = (last.sequence, last.record.n);
        record.n = last.record.n + 1;
        Ok(false)
    }
}
