//! The ledger in memory.

use async_trait::async_trait;
use ruche_schemas::{Failure, JobId, JobRef, TenantId, clock, event::Outcome};
use uuid::Uuid;

use super::{
    rows::JobRow,
    tables::{Memory, Tables, size},
};
use crate::{
    conversations::Turn,
    documents::stored_time,
    error::{StoreError, readable},
    files::{File, StoredFile},
    groups::Group,
    jobs::EndedJob,
    ledger::{Committed, Ended, Ledger, Stored, Usage, Write, json, no_such_conversation, taken, text},
};

impl Memory {
    #[must_use]
    pub fn usage(&self, job: JobId) -> Option<Usage> {
        self.lock().usage.get(&job).cloned()
    }
}

impl Tables {
    fn stored(&self, job: &JobRef) -> Result<Option<Stored>, StoreError> {
        let row = self.jobs.get(&job.id).filter(|row| row.job.job == *job);
        row.map(|row| row.job.clone().try_into()).transpose()
    }

    fn refuse(&self, ended: &Ended) -> Result<(), StoreError> {
        for write in &ended.writes {
            if let Write::Turn(Turn { conversation: id, .. }) = write
                && self.conversations.get(id).is_some_and(|row| row.tenant != ended.job.tenant)
            {
                return Err(no_such_conversation(*id));
            }
        }
        Ok(())
    }

    fn write(&mut self, ended: &Ended, write: &Write) {
        match write {
            Write::Turn(turn) => self.append(ended, turn),
            Write::Usage(usage) => drop(self.usage.insert(ended.job.id, usage.clone())),
            Write::File(file) => {
                let (job, created_at) = (ended.job.clone(), stored_time(ended.ended_at));
                self.files.push(StoredFile { job, file: kept_file(file), created_at });
            }
            Write::Indexed(indexing) => self.index(ended, indexing),
        }
    }
}

fn row(ended: &Ended) -> Result<EndedJob, StoreError> {
    let outcome = match &ended.outcome {
        Outcome::Failed(Failure { code, message, param }) => {
            Outcome::Failed(Failure { code: text(code), message: text(message), param: param.as_deref().map(text) })
        }
        other => other.clone(),
    };
    Ok(EndedJob {
        job: ended.job.clone(),
        kind: ended.kind.clone(),
        lane: ended.lane,
        attempt: ended.attempt,
        state: outcome.event_type(),
        data: json(readable("the outcome", outcome.data())?),
        claim: outcome.claim().cloned(),
        objects: ended.objects,
        created_at: stored_time(ended.created_at),
        ended_at: stored_time(ended.ended_at),
        trace_id: ended.trace_id.as_deref().map(text),
        root: ended.origin.map(|origin| origin.root),
        parent: ended.origin.map(|origin| origin.parent),
        group: ended.member.map(|member| member.group),
        children: ended.children.clone(),
    })
}

fn kept_file(file: &File) -> File {
    File {
        claim: file.claim.clone(),
        media_type: text(&file.media_type),
        title: file.title.as_deref().map(text),
        template: text(&file.template),
        ..*file
    }
}

#[async_trait]
impl Ledger for Memory {
    async fn fence(&self, job: &JobRef, attempt: u32) -> Result<Option<Stored>, StoreError> {
        let mut tables = self.tables()?;
        let stored = tables.stored(job)?;
        if stored.is_none() {
            let (fence, _) = tables.fences.entry(job.clone()).or_insert_with(|| (attempt, clock::now()));
            *fence = attempt.max(*fence);
        }
        Ok(stored)
    }

    async fn commit(&self, ended: &Ended) -> Result<Committed, StoreError> {
        let Ended { job, attempt, .. } = ended;
        let mut tables = self.tables()?;
        if tables.fences.get(job).is_some_and(|(fence, _)| fence > attempt) {
            return Ok(Committed::Fenced);
        }
        if tables.jobs.contains_key(&job.id) {
            return tables.stored(job)?.map(Committed::Already).ok_or_else(|| taken(job));
        }
        tables.refuse(ended)?;
        if !tables.is_at_home(ended) {
            return Ok(Committed::Fenced);
        }
        for write in &ended.writes {
            tables.write(ended, write);
        }
        let row = row(ended)?;
        if let Some(member) = ended.member {
            tables.count(&row, member.group, member.of);
        }
        tables.jobs.insert(job.id, JobRow { job: row, index: ended.member.map(|member| member.index) });
        Ok(Committed::Stored)
    }

    async fn ended(&self, job: &JobRef) -> Result<Option<Stored>, StoreError> {
        self.tables()?.stored(job)
    }

    async fn group(&self, tenant: &TenantId, group: Uuid) -> Result<Option<Group>, StoreError> {
        let tables = self.tables()?;
        Ok(tables.groups.get(&group).filter(|row| row.tenant == *tenant).map(|row| row.group.clone()))
    }

    async fn members(&self, tenant: &TenantId, group: Uuid, limit: u64) -> Result<Vec<(JobId, Stored)>, StoreError> {
        let tables = self.tables()?;
        let mine = |row: &&JobRow| row.job.group == Some(group) && row.job.job.tenant == *tenant;
        let mut members: Vec<_> = tables.jobs.values().filter(mine).collect();
        // Members without an index come last, as in Postgres.
        members.sort_by_key(|row| (row.index.is_none(), row.index, row.job.job.id));
        members.truncate(size(limit));
        members.into_iter().map(|row| Ok((row.job.job.id, row.job.clone().try_into()?))).collect()
    }
}
