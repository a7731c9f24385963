//! A ledger that forgets with its process: the same contract without a database, for tests and benches.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use ruche_schemas::{Failure, JobId, JobRef, TenantId, event::Outcome, jobs::chat::Message};
use serde_json::Value;
use uuid::Uuid;

use crate::ports::{
    conversations::{Conversations, HISTORY_MESSAGES},
    ledger::{
        Committed, Ended, Keep, Ledger, LedgerError, Stored, Turn, Usage, json, no_such_conversation, taken, text,
    },
};

/// Keeps everything in one map behind one lock, so that calls take place one after the other.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    jobs: HashMap<JobId, (TenantId, Stored)>,
    fences: HashMap<JobRef, u32>,
    conversations: HashMap<Uuid, Conversation>,
    usage: HashMap<JobId, Usage>,
}

#[derive(Debug)]
struct Conversation {
    tenant: TenantId,
    title: String,
    messages: Vec<Message>,
}

impl MemoryLedger {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many jobs are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state().jobs.len()
    }

    /// Whether no job is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a job cost.
    #[must_use]
    pub fn usage(&self, job: JobId) -> Option<Usage> {
        self.state().usage.get(&job).cloned()
    }

    /// The title of the tenant's conversation.
    #[must_use]
    pub fn title(&self, tenant: &TenantId, conversation: Uuid) -> Option<String> {
        self.state().conversation(tenant, conversation).map(|conversation| conversation.title.clone())
    }

    /// No change spans a panic, so a poisoned lock guards a whole state.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn ended(&self, job: &JobRef) -> Option<Stored> {
        self.jobs.get(&job.id).filter(|(tenant, _)| *tenant == job.tenant).map(|(_, stored)| stored.clone())
    }

    fn conversation(&self, tenant: &TenantId, id: Uuid) -> Option<&Conversation> {
        self.conversations.get(&id).filter(|conversation| conversation.tenant == *tenant)
    }

    fn append(&mut self, tenant: &TenantId, turn: &Turn) {
        let new = || Conversation { tenant: tenant.clone(), title: text(&turn.title()), messages: Vec::new() };
        let conversation = self.conversations.entry(turn.conversation).or_insert_with(new);
        let messages = turn.messages.iter().map(|said| Message { role: said.role, content: text(&said.content) });
        conversation.messages.extend(messages);
    }
}

/// An outcome as it is kept.
fn kept(outcome: &Outcome<Value>) -> Outcome<Value> {
    match outcome {
        Outcome::Done(output) => Outcome::Done(json(output.clone())),
        Outcome::Failed(Failure { code, message, param }) => {
            Outcome::Failed(Failure { code: text(code), message: text(message), param: param.as_deref().map(text) })
        }
        Outcome::Cancelled => Outcome::Cancelled,
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn fence(&self, job: &JobRef, attempt: u32) -> Result<Option<Stored>, LedgerError> {
        let mut state = self.state();
        let stored = state.ended(job);
        if stored.is_none() {
            let fence = state.fences.entry(job.clone()).or_default();
            *fence = attempt.max(*fence);
        }
        Ok(stored)
    }

    async fn commit(&self, ended: &Ended) -> Result<Committed, LedgerError> {
        let Ended { job, attempt, .. } = ended;
        let mut state = self.state();
        if state.fences.get(job).is_some_and(|fence| fence > attempt) {
            return Ok(Committed::Fenced);
        }
        if state.jobs.contains_key(&job.id) {
            return state.ended(job).map(Committed::Already).ok_or_else(|| taken(job));
        }
        for keep in &ended.keep {
            if let Keep::Turn(Turn { conversation: id, .. }) = keep
                && state.conversations.get(id).is_some_and(|conversation| conversation.tenant != job.tenant)
            {
                return Err(no_such_conversation(*id));
            }
        }
        for keep in &ended.keep {
            match keep {
                Keep::Turn(turn) => state.append(&job.tenant, turn),
                Keep::Usage(usage) => drop(state.usage.insert(job.id, usage.clone())),
            }
        }
        let outcome = kept(&ended.outcome);
        let stored = Stored { outcome, attempt: *attempt, kind: ended.kind.clone() };
        state.jobs.insert(job.id, (job.tenant.clone(), stored));
        Ok(Committed::Stored)
    }

    async fn ended(&self, job: &JobRef) -> Result<Option<Stored>, LedgerError> {
        Ok(self.state().ended(job))
    }

    async fn group(&self, _: &TenantId, _: Uuid) -> Result<Option<crate::ports::ledger::Group>, LedgerError> {
        Err(LedgerError::Unavailable("not yet".to_owned()))
    }
    async fn members(&self, _: &TenantId, _: Uuid, _: u64) -> Result<Vec<(ruche_schemas::JobId, Stored)>, LedgerError> {
        Err(LedgerError::Unavailable("not yet".to_owned()))
    }
    async fn purge(&self, _: chrono::DateTime<chrono::Utc>, _: u64) -> Result<u64, LedgerError> {
        Err(LedgerError::Unavailable("not yet".to_owned()))
    }

    async fn ready(&self) -> Result<(), LedgerError> {
        Ok(())
    }
}

#[async_trait]
impl Conversations for MemoryLedger {
    async fn history(&self, tenant: &TenantId, conversation: Uuid) -> Result<Option<Vec<Message>>, LedgerError> {
        let state = self.state();
        let newest = |said: &[Message]| {
            let most = usize::try_from(HISTORY_MESSAGES).unwrap_or(usize::MAX);
            said[said.len().saturating_sub(most)..].to_vec()
        };
        Ok(state.conversation(tenant, conversation).map(|conversation| newest(&conversation.messages)))
    }
}
