//! The audit: compares what was accepted with the log, the database, the dead letters and the queues.

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use ruche_bus::{Bus, DeadFilter, DeadLetter};
use ruche_schemas::{Failure, JobId, Record, event::Outcome};
use serde::Serialize;
use uuid::Uuid;

use crate::faults::{
    client::Followed,
    load::Accepted,
    rows::{self, Counted, Row, Rows},
    system::System,
    task::{Ran, Task},
};

const AT_ONCE: usize = 32;

/// Dead letters read at a time.
const LETTERS: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Promise {
    /// An accepted job is not lost: it has a row and a last event.
    Kept,
    /// What is stored is stored once.
    Once,
    /// A log has neither gap nor repeat, and ends.
    Order,
    /// All else: contradicting outcomes, dead letters, queues.
    Other,
}

#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    pub promise: Promise,
    /// In words, with the values.
    pub what: String,
    /// All that is known of the job, if it is about one.
    pub subject: Option<Subject>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Subject {
    pub job: JobId,
    pub task: Task,
    pub log: Vec<Record>,
    /// What a follower saw.
    pub followed: Option<Vec<Record>>,
}

impl Subject {
    fn of(job: JobId, evidence: &Evidence<'_>) -> Self {
        let followed = evidence.followed.map(|followed| followed.records.clone());
        Self { job, task: evidence.task.clone(), log: evidence.log.to_vec(), followed }
    }
}

#[derive(Debug, Default)]
pub struct Audit {
    pub accepted: u64,
    pub done: u64,
    /// Each is a dead letter.
    pub failed: u64,
    /// Jobs that an attempt took over without an end or a retry of the one before.
    pub taken_over: u64,
    pub events: u64,
    pub findings: Vec<Finding>,
}

/// All that is known of one job.
pub struct Evidence<'a> {
    pub task: &'a Task,
    pub log: &'a [Record],
    pub rows: &'a [Row],
    /// The object of the first one's claim; `None` if it is not what the claim says.
    pub object: Option<Vec<u8>>,
    pub messages: u64,
    pub letters: &'a [DeadLetter],
    /// What a follower saw.
    pub followed: Option<&'a Followed>,
}

pub async fn audit(system: &System, bus: &dyn Bus, accepted: &[Accepted], followed: &[Followed]) -> Result<Audit> {
    let rows = rows::read(&system.config.postgres).await?;
    let letters = letters(bus).await?;
    let logs = stream::iter(accepted.iter().map(|one| one.job.clone()))
        .map(|job| async move { anyhow::Ok((job.id, bus.replay(&job).await?)) });
    let logs: HashMap<JobId, Vec<Record>> = logs.buffer_unordered(AT_ONCE).try_collect().await?;
    let followed: HashMap<_, _> = followed.iter().map(|one| (one.job.id, one)).collect();
    let mut audit = Audit { accepted: accepted.len() as u64, ..Audit::default() };
    for Accepted { job, task, .. } in accepted {
        let log = logs.get(&job.id).map_or(&[][..], Vec::as_slice);
        let evidence = Evidence {
            task,
            log,
            rows: rows.jobs.get(&job.id.0).map_or(&[], Vec::as_slice),
            object: rows.jobs.get(&job.id.0).and_then(|rows| system.objects.read(rows.first()?.claim.as_ref()?)),
            messages: rows.messages.get(&job.id.0).copied().unwrap_or_default(),
            letters: letters.get(&job.id).map_or(&[], Vec::as_slice),
            followed: followed.get(&job.id).copied(),
        };
        audit.events += log.len() as u64;
        audit.taken_over += u64::from(was_taken_over(log));
        for (promise, what) in judge(&evidence) {
            audit.findings.push(Finding { promise, what, subject: Some(Subject::of(job.id, &evidence)) });
        }
        match evidence.rows.first().map(|row| row.state.as_str()) {
            Some("done") => audit.done += 1,
            Some("failed") => audit.failed += 1,
            _ => {}
        }
    }
    let whole = sums(accepted, &rows).into_iter().chain(strangers(accepted, &rows)).chain(queues(bus).await?);
    audit.findings.extend(whole.map(|(promise, what)| Finding { promise, what, subject: None }));
    Ok(audit)
}

impl Audit {
    /// Adds the followers that still waited for an end.
    pub fn stuck_followers(&mut self, followers: usize) {
        if followers > 0 {
            let what = format!("{followers} of those who followed a job never saw its end");
            self.findings.push(Finding { promise: Promise::Order, what, subject: None });
        }
    }
}

type Broken = (Promise, String);

pub fn judge(evidence: &Evidence<'_>) -> Vec<Broken> {
    let Evidence { task, log, rows, object, messages, letters, followed } = evidence;
    let mut broken = Vec::new();
    broken.extend(disorder(log).map(|what| (Promise::Order, format!("its log: {what}"))));
    if let Some(followed) = followed {
        let seen = match disorder(&followed.records) {
            Some(what) => Some(what),
            None if followed.records != *log => Some("other events than its log holds".to_owned()),
            None => None,
        };
        broken.extend(seen.map(|what| (Promise::Order, format!("who followed it saw: {what}"))));
    }
    if !log.last().is_some_and(|last| last.event.is_final()) {
        broken.push((Promise::Kept, "its log has no last event".to_owned()));
    }
    let [row, more @ ..] = rows else {
        broken.push((Promise::Kept, "it has no row".to_owned()));
        return broken;
    };
    if !more.is_empty() {
        broken.push((Promise::Once, format!("it has {} rows", rows.len())));
    }
    let is_done = row.state == "done";
    match messages.cmp(&u64::from(is_done)) {
        std::cmp::Ordering::Greater => broken.push((Promise::Once, format!("it left {messages} messages"))),
        std::cmp::Ordering::Less => broken.push((Promise::Kept, "it is done, and its message is not there".to_owned())),
        std::cmp::Ordering::Equal => {}
    }
    // An attempt that finds the outcome of an earlier one stored emits it under its own number.
    if let Some(last) = log.last()
        && ((last.event.as_str(), &last.data, &last.claim) != (row.state.as_str(), &row.data, &row.claim)
            || last.attempt < row.attempt)
    {
        broken.push((Promise::Other, format!("its last event is {last:?}, its row {row:?}")));
    }
    match outcome(row, object.as_deref()) {
        Some(outcome) if task.may_end(&outcome) => {}
        _ => broken.push((Promise::Other, format!("it may not end like this: {row:?}"))),
    }
    if letters.len() != usize::from(row.state == "failed") {
        broken.push((Promise::Other, format!("it is {}, and has {} dead letters", row.state, letters.len())));
    }
    broken
}

fn disorder(records: &[Record]) -> Option<String> {
    let (mut attempt, last) = (0, records.len().checked_sub(1)?);
    for (at, record) in records.iter().enumerate() {
        if record.n != at as u64 + 1 {
            return Some(format!("n = {} ({}) in place {}", record.n, record.event.as_str(), at + 1));
        }
        if record.attempt < attempt {
            return Some(format!("attempt {} after {attempt}, at n = {}", record.attempt, record.n));
        }
        if record.event.is_final() && at != last {
            return Some(format!("{} at n = {}, and more behind it", record.event.as_str(), record.n));
        }
        attempt = record.attempt;
    }
    None
}

/// Whether an attempt began although the one before had neither ended nor asked for a retry.
fn was_taken_over(log: &[Record]) -> bool {
    use ruche_schemas::EventType::{Accepted, Retrying};
    let mut pairs = log.windows(2);
    pairs.any(|pair| pair[1].attempt > pair[0].attempt && !matches!(pair[0].event, Accepted | Retrying))
}

/// The outcome in a row, or in the object that it claims; `None` for one that can't be read.
fn outcome(row: &Row, object: Option<&[u8]>) -> Option<Outcome<Ran>> {
    match row.state.as_str() {
        "done" if row.claim.is_some() => serde_json::from_slice(object?).ok().map(Outcome::Done),
        "done" => serde_json::from_value(row.data.clone()).ok().map(Outcome::Done),
        "failed" => serde_json::from_value::<Failure>(row.data.clone()).ok().map(Outcome::Failed),
        _ => None,
    }
}

/// Compares the groups' counts, to which each commit adds, with the jobs' rows: this shows a commit that was written
/// twice.
fn sums(accepted: &[Accepted], rows: &Rows) -> Option<Broken> {
    let mut groups = HashMap::<Uuid, Counted>::new();
    for Accepted { job, task, .. } in accepted.iter().filter(|one| one.grouped) {
        let Some([row, ..]) = rows.jobs.get(&job.id.0).map(Vec::as_slice) else { continue };
        let group = groups.entry(task.group()).or_default();
        let count = if row.state == "done" { &mut group.done } else { &mut group.failed };
        *count += 1;
    }
    let what = format!("the jobs' rows make {groups:?}, the groups have {:?}", rows.groups);
    (groups != rows.groups).then_some((Promise::Once, what))
}

fn strangers(accepted: &[Accepted], rows: &Rows) -> Option<Broken> {
    let known: HashSet<Uuid> = accepted.iter().map(|one| one.job.id.0).collect();
    let strangers: Vec<_> = rows.jobs.keys().filter(|id| !known.contains(id)).collect();
    (!strangers.is_empty()).then(|| (Promise::Other, format!("rows of jobs that were not accepted: {strangers:?}")))
}

async fn queues(bus: &dyn Bus) -> Result<Option<Broken>> {
    let depths = bus.depth().await?;
    let full: Vec<_> = depths.iter().filter(|depth| depth.waiting + depth.in_flight > 0).collect();
    Ok((!full.is_empty()).then(|| (Promise::Other, format!("queues that are not empty: {full:?}"))))
}

async fn letters(bus: &dyn Bus) -> Result<HashMap<JobId, Vec<DeadLetter>>> {
    let (mut letters, mut after) = (HashMap::<_, Vec<_>>::new(), 0);
    loop {
        let found = bus.list_dead_letters(&DeadFilter::default(), after, LETTERS).await?;
        let Some(last) = found.last() else { return Ok(letters) };
        after = last.sequence;
        for stored in found {
            letters.entry(stored.letter.job.id).or_default().push(stored.letter);
        }
    }
}

#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;
