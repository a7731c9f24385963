//! A ledger that forgets with its process: the same contract without a database, for tests and benches.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{Failure, JobId, JobRef, TenantId, event::Outcome, ids::collection_id, kinds::chat::Message};

use serde_json::Value;
use uuid::Uuid;

use crate::{
    conversations::{Conversations, HISTORY_MESSAGES},
    documents::{self as corpus, Corpus, InUse, Indexing, ModelVersion, Standing, stored_time},
    ledger::{
        Committed, Document, Ended, Group, Keep, Ledger, LedgerError, Place, Stored, Turn, Usage, json,
        no_such_conversation, taken, text,
    },
};

/// Keeps everything in one map behind one lock, so that calls take place one after the other.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    jobs: HashMap<JobId, Row>,
    fences: HashMap<JobRef, (u32, DateTime<Utc>)>,
    groups: HashMap<Uuid, Counted>,
    conversations: HashMap<Uuid, Conversation>,
    usage: HashMap<JobId, Usage>,
    corpus: HashMap<Uuid, Held>,
    buried: HashMap<Uuid, DateTime<Utc>>,
    /// Collections: the model that each is searched with, and the one that it goes to.
    in_use: HashMap<(TenantId, String), (ModelVersion, Option<ModelVersion>)>,
}

/// A document to be searched in.
#[derive(Debug)]
struct Held {
    tenant: TenantId,
    indexing: Arc<Indexing>,
    /// The same text by other models.
    others: Vec<Arc<Indexing>>,
    accepted_at: DateTime<Utc>,
    job: JobId,
}

#[derive(Debug)]
struct Row {
    tenant: TenantId,
    stored: Stored,
    ended_at: DateTime<Utc>,
    place: Option<Place>,
    children: Vec<JobId>,
    objects: bool,
    document: Option<Document>,
}

#[derive(Debug)]
struct Counted {
    tenant: TenantId,
    group: Group,
    ended_at: Option<DateTime<Utc>>,
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

    /// The jobs that a job's end started, as its row has them.
    #[must_use]
    pub fn children(&self, job: JobId) -> Vec<JobId> {
        self.state().jobs.get(&job).map(|row| row.children.clone()).unwrap_or_default()
    }

    /// Opens a batch, as a gateway does. In place of what has been counted under this id.
    pub fn open_batch(&self, tenant: &TenantId, batch: Uuid, expected: Option<u64>, callback: Option<Value>) {
        let group = Group { expected, callback, batch: true, ..Group::default() };
        self.state().groups.insert(batch, Counted { tenant: tenant.clone(), group, ended_at: None });
    }

    /// What a job cost.
    #[must_use]
    pub fn usage(&self, job: JobId) -> Option<Usage> {
        self.state().usage.get(&job).cloned()
    }

    /// The document that the tenant's job has stored.
    #[must_use]
    pub fn document(&self, job: &JobRef) -> Option<Document> {
        let state = self.state();
        let row = state.jobs.get(&job.id).filter(|row| row.tenant == job.tenant);
        row.and_then(|row| row.document.clone())
    }

    /// A document to be searched in, as it was written last.
    #[must_use]
    pub fn indexed(&self, tenant: &TenantId, document: Uuid) -> Option<Arc<Indexing>> {
        let state = self.state();
        let held = state.corpus.get(&document).filter(|held| held.tenant == *tenant);
        held.map(|held| Arc::clone(&held.indexing))
    }

    /// A document as this model has it.
    #[must_use]
    pub fn indexed_by(&self, tenant: &TenantId, document: Uuid, model: &str) -> Option<Arc<Indexing>> {
        let state = self.state();
        let held = state.corpus.get(&document).filter(|held| held.tenant == *tenant)?;
        held.all().find(|indexing| indexing.model.name == model).cloned()
    }

    /// Says which model a collection is searched with, and which one it goes to, as a gateway does.
    pub fn put_in_use(&self, tenant: &TenantId, collection: &str, searched: ModelVersion, next: Option<ModelVersion>) {
        self.state().in_use.insert((tenant.clone(), collection.to_owned()), (searched, next));
    }

    /// Deletes a document or a collection, by its id, as a gateway does.
    pub fn bury(&self, id: Uuid, at: DateTime<Utc>) {
        let mut state = self.state();
        state.buried.insert(id, stored_time(at));
        state.corpus.retain(|document, held| {
            *document != id && collection_id(&held.tenant, &held.indexing.about.collection) != id
        });
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

impl Held {
    fn all(&self) -> impl Iterator<Item = &Arc<Indexing>> {
        std::iter::once(&self.indexing).chain(&self.others)
    }

    fn of(&self, model: &ModelVersion) -> Option<&Arc<Indexing>> {
        self.all().find(|indexing| indexing.model == *model)
    }
}

impl State {
    fn in_use(&self, tenant: &TenantId, collection: &str) -> InUse {
        let Some((searched, next)) = self.in_use.get(&(tenant.clone(), collection.to_owned())).cloned() else {
            return InUse::default();
        };
        let mut here = self.corpus.values().filter(|held| held.tenant == *tenant);
        let has_chunks = here.any(|held| held.indexing.about.collection == collection && held.of(&searched).is_some());
        InUse { searched: Some(searched), has_chunks, next }
    }

    fn ended(&self, job: &JobRef) -> Option<Stored> {
        self.jobs.get(&job.id).filter(|row| row.tenant == job.tenant).map(|row| row.stored.clone())
    }

    fn conversation(&self, tenant: &TenantId, id: Uuid) -> Option<&Conversation> {
        self.conversations.get(&id).filter(|conversation| conversation.tenant == *tenant)
    }

    /// Counts an end that is new. Another tenant's group of the same id stays as it is.
    fn count(&mut self, ended: &Ended, place: Place) {
        let tenant = &ended.job.tenant;
        let new = || Counted { tenant: tenant.clone(), group: Group::default(), ended_at: None };
        let counted = self.groups.entry(place.group).or_insert_with(new);
        if counted.tenant != *tenant {
            return;
        }
        let group = &mut counted.group;
        group.expected = group.expected.or(place.of.map(u64::from));
        match ended.outcome {
            Outcome::Done(_) | Outcome::Claimed(_) => group.done += 1,
            Outcome::Failed(_) => group.failed += 1,
            Outcome::Cancelled => group.cancelled += 1,
        }
        if group.is_complete() {
            counted.ended_at.get_or_insert(ended.ended_at);
        }
    }

    /// How things stand with a document, as this model sees it.
    fn standing(&self, of: &corpus::Place, model: &ModelVersion) -> Standing {
        let in_collection = |held: &&Held| held.tenant == of.tenant && held.indexing.about.collection == of.collection;
        let first = self.corpus.values().filter(in_collection).min_by_key(|held| held.accepted_at);
        let held = self.corpus.get(&of.document);
        let chunks = held.and_then(|held| held.of(model)).map_or(&[][..], |indexing| &indexing.chunks);
        let buried = [of.document, collection_id(&of.tenant, &of.collection)];
        Standing {
            language: first.map(|held| held.indexing.about.language.clone()),
            written: held.map(|held| (held.accepted_at, held.job)),
            deleted_at: buried.iter().filter_map(|id| self.buried.get(id).copied()).max(),
            vectors: chunks.iter().map(|piece| (piece.hash, piece.vector.clone())).collect(),
            chunks: u32::try_from(chunks.len()).unwrap_or(u32::MAX),
        }
    }

    /// Whether the collection of each document is (still) searched with its model.
    fn is_at_home(&self, ended: &Ended) -> bool {
        ended.keep.iter().all(|keep| match keep {
            Keep::Indexed(indexing) if !indexing.again => {
                let (tenant, collection) = (ended.job.tenant.clone(), indexing.about.collection.clone());
                let InUse { searched, has_chunks, .. } = self.in_use(&tenant, &collection);
                let of = corpus::Place { tenant, collection, document: indexing.document };
                let superseded = self.standing(&of, &indexing.model).supersedes(ended.created_at, ended.job.id);
                superseded || !has_chunks || searched.is_none_or(|searched| searched == indexing.model)
            }
            _ => true,
        })
    }

    fn index(&mut self, ended: &Ended, indexing: &Arc<Indexing>) {
        let (document, tenant) = (indexing.document, ended.job.tenant.clone());
        let of = corpus::Place { tenant, collection: indexing.about.collection.clone(), document };
        if indexing.again {
            if let Some(held) = self.corpus.get_mut(&document).filter(|held| held.indexing.hash == indexing.hash) {
                let about = held.indexing.about.clone();
                let kept = Arc::new(Indexing { about, ..(**indexing).clone() });
                match held.indexing.model == kept.model {
                    true => held.indexing = kept,
                    false => {
                        held.others.retain(|other| other.model != kept.model);
                        held.others.push(kept);
                    }
                }
            }
            return;
        }
        if self.standing(&of, &indexing.model).supersedes(ended.created_at, ended.job.id) {
            return;
        }
        let next = self.in_use(&of.tenant, &of.collection).next;
        self.in_use.insert((of.tenant.clone(), of.collection), (indexing.model.clone(), next));
        let same = |other: &Arc<Indexing>| other.hash == indexing.hash && other.model != indexing.model;
        let before = self.corpus.remove(&document);
        let others = before.iter().flat_map(Held::all).filter(|other| same(other)).cloned().collect();
        let (accepted_at, job) = (stored_time(ended.created_at), ended.job.id);
        self.corpus
            .insert(document, Held { tenant: of.tenant, indexing: Arc::clone(indexing), others, accepted_at, job });
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
        Outcome::Claimed(claim) => Outcome::Claimed(claim.clone()),
        Outcome::Cancelled => Outcome::Cancelled,
    }
}

/// A document as it is kept.
fn listed(made: &Document) -> Document {
    Document {
        claim: made.claim.clone(),
        media_type: text(&made.media_type),
        title: made.title.as_deref().map(text),
        template: text(&made.template),
        ..*made
    }
}

/// Removes the oldest of those that are old, at most this many.
fn drain<K: Clone + Eq + std::hash::Hash, V>(
    map: &mut HashMap<K, V>,
    limit: usize,
    old: impl Fn(&V) -> Option<DateTime<Utc>>,
) -> usize {
    let mut found: Vec<_> = map.iter().filter_map(|(key, value)| Some((old(value)?, key.clone()))).collect();
    found.sort_by_key(|(at, _)| *at);
    found.truncate(limit);
    found.iter().for_each(|(_, key)| drop(map.remove(key)));
    found.len()
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn fence(&self, job: &JobRef, attempt: u32) -> Result<Option<Stored>, LedgerError> {
        let mut state = self.state();
        let stored = state.ended(job);
        if stored.is_none() {
            let (fence, _) = state.fences.entry(job.clone()).or_insert_with(|| (attempt, Utc::now()));
            *fence = attempt.max(*fence);
        }
        Ok(stored)
    }

    async fn commit(&self, ended: &Ended) -> Result<Committed, LedgerError> {
        let Ended { job, attempt, .. } = ended;
        let mut state = self.state();
        if state.fences.get(job).is_some_and(|(fence, _)| fence > attempt) {
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
        if !state.is_at_home(ended) {
            return Ok(Committed::Fenced);
        }
        let mut document = None;
        for keep in &ended.keep {
            match keep {
                Keep::Turn(turn) => state.append(&job.tenant, turn),
                Keep::Document(made) => document = Some(listed(made)),
                Keep::Usage(usage) => drop(state.usage.insert(job.id, usage.clone())),
                Keep::Indexed(indexing) => state.index(ended, indexing),
            }
        }
        let outcome = kept(&ended.outcome);
        let stored = Stored { outcome, attempt: *attempt, kind: ended.kind.clone() };
        let (tenant, children, ended_at) = (job.tenant.clone(), ended.children.clone(), ended.ended_at);
        let (place, objects) = (ended.member, ended.objects);
        state.jobs.insert(job.id, Row { tenant, stored, ended_at, place, children, objects, document });
        if let Some(place) = ended.member {
            state.count(ended, place);
        }
        Ok(Committed::Stored)
    }

    async fn ended(&self, job: &JobRef) -> Result<Option<Stored>, LedgerError> {
        Ok(self.state().ended(job))
    }

    async fn group(&self, tenant: &TenantId, group: Uuid) -> Result<Option<Group>, LedgerError> {
        let state = self.state();
        let counted = state.groups.get(&group).filter(|counted| counted.tenant == *tenant);
        Ok(counted.map(|counted| counted.group.clone()))
    }

    async fn members(&self, tenant: &TenantId, group: Uuid, limit: u64) -> Result<Vec<(JobId, Stored)>, LedgerError> {
        let state = self.state();
        let place = |row: &Row| row.place.filter(|place| place.group == group && row.tenant == *tenant);
        let mut members: Vec<_> =
            state.jobs.iter().filter_map(|(id, row)| Some(((place(row)?.index, *id), row.stored.clone()))).collect();
        members.sort_by_key(|(at, _)| *at);
        members.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(members.into_iter().map(|((_, id), stored)| (id, stored)).collect())
    }

    async fn holding(&self, before: DateTime<Utc>, limit: u64) -> Result<Vec<JobRef>, LedgerError> {
        let state = self.state();
        let old = state.jobs.iter().filter(|(_, row)| row.objects && row.ended_at < before);
        let mut old: Vec<_> = old.map(|(id, row)| (row.ended_at, *id, row.tenant.clone())).collect();
        old.sort_unstable_by_key(|(at, id, _)| (*at, *id));
        old.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(old.into_iter().map(|(_, id, tenant)| JobRef { tenant, id }).collect())
    }

    async fn released(&self, jobs: &[JobRef]) -> Result<(), LedgerError> {
        let mut state = self.state();
        for job in jobs {
            if let Some(row) = state.jobs.get_mut(&job.id).filter(|row| row.tenant == job.tenant) {
                row.objects = false;
            }
        }
        Ok(())
    }

    async fn purge(&self, before: DateTime<Utc>, limit: u64) -> Result<u64, LedgerError> {
        let mut state = self.state();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let State { jobs, fences, groups, buried, .. } = &mut *state;
        let gone = drain(jobs, limit, |row| (row.ended_at < before && !row.objects).then_some(row.ended_at))
            + drain(fences, limit, |(_, at)| (*at < before).then_some(*at))
            + drain(groups, limit, |counted| counted.ended_at.filter(|at| *at < before))
            + drain(buried, limit, |at| (*at < before).then_some(*at));
        Ok(gone as u64)
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

#[async_trait]
impl Corpus for MemoryLedger {
    async fn in_use(&self, tenant: &TenantId, collection: &str) -> Result<InUse, LedgerError> {
        Ok(self.state().in_use(tenant, collection))
    }

    async fn standing(&self, of: &corpus::Place, model: &ModelVersion) -> Result<Standing, LedgerError> {
        Ok(self.state().standing(of, model))
    }

    async fn stored(&self, tenant: &TenantId, document: Uuid) -> Result<Option<corpus::Stored>, LedgerError> {
        let found = self.indexed(tenant, document);
        Ok(found.map(|indexing| corpus::Stored { about: indexing.about.clone(), hash: indexing.hash }))
    }
}
