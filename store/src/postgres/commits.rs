//! Group commit: commits that arrive while one transaction runs are written by the next one, because one flush of the
//! WAL serves a whole batch. A single commit does not wait for a batch to fill. Each caller is answered after its
//! transaction has committed.

use std::collections::{HashSet, VecDeque};

use sea_orm::{DatabaseConnection, TransactionTrait};
use tokio::sync::mpsc;

use super::{
    conversations, fences, files, groups, locks,
    queue::{Answer, Queue, Waiting},
    rows, usage,
};
use crate::{
    error::StoreError,
    ledger::{Committed, Ended, Write, taken},
};

const BATCH: usize = 128;
/// Bytes of rows per transaction; a single row may be larger.
const BATCH_BYTES: usize = 4 << 20;

/// Starts the writer, which ends when the last clone of the queue is dropped.
pub(super) fn start(db: DatabaseConnection) -> Queue {
    let (queue, receiver) = Queue::new();
    tokio::spawn(write_all(db, receiver));
    queue
}

async fn write_all(db: DatabaseConnection, mut queue: mpsc::Receiver<Waiting>) {
    let mut waiting = VecDeque::new();
    loop {
        if waiting.is_empty() {
            match queue.recv().await {
                Some(first) => waiting.push_back(first),
                None => return,
            }
        }
        while waiting.len() < BATCH
            && let Ok(more) = queue.try_recv()
        {
            waiting.push_back(more);
        }
        let batch = gather(&mut waiting);
        if batch.is_empty() {
            continue;
        }
        let all: Vec<_> = batch.iter().collect();
        let answers = match write(&db, &all).await {
            Ok(answers) => answers.into_iter().map(Ok).collect(),
            Err(error) if batch.len() == 1 => vec![Err(error)],
            Err(_) => one_by_one(&db, &batch).await,
        };
        for (waiting, answer) in batch.into_iter().zip(answers) {
            // The caller may have gone.
            let _ = waiting.answer.send(answer);
        }
    }
}

/// The next batch, with each job at most once; the rest stays queued. Drops commits whose callers have gone.
fn gather(waiting: &mut VecDeque<Waiting>) -> Vec<Waiting> {
    let (mut batch, mut rest, mut bytes) = (Vec::new(), VecDeque::new(), 0);
    let mut known = HashSet::new();
    for one in waiting.drain(..).filter(|one| !one.answer.is_closed()) {
        let fits = batch.is_empty() || bytes + one.row.len() <= BATCH_BYTES;
        match fits && known.insert(one.ended.job.id) {
            true => {
                bytes += one.row.len();
                batch.push(one);
            }
            false => rest.push_back(one),
        }
    }
    *waiting = rest;
    batch
}

/// Isolates the jobs that made a batch fail. After two temporary errors in a row, the rest get that error too.
async fn one_by_one(db: &DatabaseConnection, batch: &[Waiting]) -> Vec<Answer> {
    let (mut answers, mut away) = (Vec::new(), 0);
    for one in batch {
        if away >= 2
            && let Some(Err(error)) = answers.last()
        {
            let error: StoreError = Clone::clone(error);
            answers.push(Err(error));
            continue;
        }
        let answer = match write(db, &[one]).await {
            Ok(mut answers) => answers.pop().ok_or_else(|| StoreError::Unavailable("no answer".to_owned())),
            Err(error) => Err(error),
        };
        away = if matches!(answer, Err(StoreError::Unavailable(_))) { away + 1 } else { 0 };
        answers.push(answer);
    }
    answers
}

/// Writes a batch in one transaction; a drop rolls it back. Every transaction takes its locks in one order, so there
/// is no deadlock: jobs ([`super::locks`]), conversations by id, groups by id.
async fn write(db: &DatabaseConnection, batch: &[&Waiting]) -> Result<Vec<Committed>, StoreError> {
    let transaction = db.begin().await?;
    locks::jobs(&transaction, batch.iter().map(|one| one.ended.job.id)).await?;
    let rows: Vec<_> = batch.iter().map(|one| one.row.as_str()).collect();
    let stored: HashSet<_> = rows::insert(&transaction, &rows).await?.into_iter().collect();
    let is_stored = |ended: &Ended| stored.contains(&ended.job.id.0);
    let mut answers = Vec::with_capacity(batch.len());
    for one in batch {
        answers.push(match is_stored(&one.ended) {
            true => Committed::Stored,
            false => why_not(&transaction, &one.ended).await?,
        });
    }
    let new: Vec<_> = batch.iter().map(|one| &one.ended).filter(|ended| is_stored(ended)).collect();
    write_rest(&transaction, &new).await?;
    groups::count(&transaction, &new).await?;
    transaction.commit().await?;
    Ok(answers)
}

pub(super) async fn why_not(db: &impl sea_orm::ConnectionTrait, ended: &Ended) -> Answer {
    if fences::find(db, &ended.job).await?.is_some_and(|fence| fence > ended.attempt) {
        return Ok(Committed::Fenced);
    }
    let stored = rows::stored(db, &ended.job).await?;
    stored.map(Committed::Already).ok_or_else(|| taken(&ended.job))
}

/// Writes everything besides the jobs' rows: turns sorted by conversation, in the order of each job.
async fn write_rest(db: &impl sea_orm::ConnectionTrait, new: &[&Ended]) -> Result<(), StoreError> {
    let mut all: Vec<_> = new.iter().flat_map(|ended| ended.writes.iter().map(move |write| (*ended, write))).collect();
    all.sort_by_key(|(_, write)| match write {
        Write::Turn(turn) => Some(turn.conversation),
        Write::Usage(_) | Write::File(_) | Write::Indexed(_) => None,
    });
    for (ended, write) in all {
        match write {
            Write::Turn(turn) => conversations::append(db, ended, turn).await?,
            Write::Usage(cost) => usage::insert(db, ended, cost).await?,
            Write::File(file) => files::insert(db, ended, file).await?,
            // Has its own transaction (`indexing`).
            Write::Indexed(_) => return Err(StoreError::Unavailable("a document came among other commits".to_owned())),
        }
    }
    Ok(())
}
