//! Keys, ended jobs, conversations and batches, as gateways list them.

use async_trait::async_trait;
use chrono::Duration;
use ruche_schemas::{clock, kinds::chat::Citation};
use ruche_store::{
    Health as _, Store,
    conversations::{Conversation, StoredMessage},
    entities as tables,
    jobs::EndedFilter,
    keys::{self, ApiKey, Role},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement,
    sea_query::{Expr, ExprTrait},
};

use super::support::{
    Application, Chat, Claim, DatabaseConnection, EndedJob, EventType, JobId, JobRef, Lane, Memory, Part, Postgres,
    TenantId, Uuid, a_job, json, now, opened, settings, tenant, testing,
};
use ruche_schemas::Job as _;

#[async_trait]
trait Fill {
    async fn job(&self, job: &EndedJob);
    async fn conversation(
        &self,
        tenant: &TenantId,
        conversation: &Conversation,
        messages: &[StoredMessage],
    ) -> Vec<i64>;
    async fn revoke(&self, key: &str);
}

#[async_trait]
impl Fill for Memory {
    async fn job(&self, job: &EndedJob) {
        self.put_job(job.clone());
    }

    async fn conversation(
        &self,
        tenant: &TenantId,
        conversation: &Conversation,
        messages: &[StoredMessage],
    ) -> Vec<i64> {
        self.put_conversation(tenant.clone(), conversation.clone(), messages.to_vec());
        messages.iter().map(|message| message.id).collect()
    }

    async fn revoke(&self, key: &str) {
        Memory::revoke(self, key);
    }
}

#[async_trait]
impl Fill for DatabaseConnection {
    async fn job(&self, job: &EndedJob) {
        let row = tables::jobs::ActiveModel {
            id: Set(job.job.id.0),
            tenant: Set(job.job.tenant.as_str().into()),
            kind: Set(job.kind.to_string()),
            lane: Set(job.lane.to_string()),
            attempt: Set(i32::try_from(job.attempt).unwrap()),
            state: Set(job.state.as_str().into()),
            data: Set(Some(job.data.clone())),
            created_at: Set(job.created_at),
            ended_at: Set(job.ended_at),
            trace_id: Set(job.trace_id.clone()),
            root: Set(job.root.map(|job| job.0)),
            parent: Set(job.parent.map(|job| job.0)),
            group_id: Set(job.group),
            group_index: Set(None),
            children: Set(Some(json!(job.children))),
            claim: Set(job.claim.as_ref().map(|claim| json!(claim))),
            objects: Set(job.objects),
        };
        tables::jobs::Entity::insert(row).exec_without_returning(self).await.unwrap();
        let Some(group) = job.group else { return };
        let counter = match job.state {
            EventType::Done => tables::groups::Column::Done,
            EventType::Failed => tables::groups::Column::Failed,
            _ => tables::groups::Column::Cancelled,
        };
        tables::groups::Entity::update_many()
            .col_expr(counter, Expr::col(counter).add(1))
            .filter(tables::groups::Column::Id.eq(group))
            .exec(self)
            .await
            .unwrap();
        let complete = "UPDATE groups SET ended_at = $2
            WHERE id = $1 AND ended_at IS NULL AND done + failed + cancelled >= expected";
        let values = [group.into(), job.ended_at.into()];
        self.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, complete, values)).await.unwrap();
    }

    async fn conversation(
        &self,
        tenant: &TenantId,
        conversation: &Conversation,
        messages: &[StoredMessage],
    ) -> Vec<i64> {
        let row = tables::conversations::ActiveModel {
            id: Set(conversation.id),
            tenant: Set(tenant.as_str().into()),
            title: Set(conversation.title.clone()),
            created_at: Set(conversation.created_at),
            updated_at: Set(conversation.updated_at),
        };
        tables::conversations::Entity::insert(row).exec_without_returning(self).await.unwrap();
        let mut ids = Vec::new();
        for message in messages {
            let row = tables::messages::ActiveModel {
                id: NotSet,
                conversation: Set(conversation.id),
                tenant: Set(tenant.as_str().into()),
                job: Set(message.job),
                role: Set(message.role.clone()),
                content: Set(message.content.clone()),
                model: Set(message.model.clone()),
                citations: Set(message.citations.as_ref().map(|citations| json!(citations))),
                created_at: Set(message.created_at),
            };
            ids.push(row.insert(self).await.unwrap().id);
        }
        ids
    }

    async fn revoke(&self, key: &str) {
        let row = tables::api_keys::ActiveModel {
            id: Set(key.into()),
            revoked_at: Set(Some(clock::now())),
            ..Default::default()
        };
        row.update(self).await.unwrap();
    }
}

async fn holds_the_contract(store: &dyn Store, fill: &dyn Fill) {
    store.ready().await.unwrap();
    let (acme, other) = (tenant("acme"), tenant("other"));
    keeps_keys(store, fill, &acme).await;
    for owner in [&acme, &other] {
        let key = keys::generate();
        store.create_key(owner, "again", Role::Member, ApiKey::parse(&key).unwrap()).await.unwrap();
    }
    tells_ended_jobs(store, fill, &acme, &other).await;
    tells_conversations(store, fill, &acme, &other).await;
    let (acme, other) = (tenant("acme-2"), tenant("other-2"));
    lists_ended_jobs(store, fill, &acme, &other).await;
    keeps_batches(store, fill, &acme, &other).await;
    counts_a_batch_that_ends_before_it_is_closed(store, fill, &acme).await;
    ends_a_job_before_its_time(store, fill, &acme).await;
}

async fn keeps_keys(store: &dyn Store, fill: &dyn Fill, acme: &TenantId) {
    let text = keys::generate();
    let key = ApiKey::parse(&text).unwrap();
    assert_eq!(store.find_key(key.id).await.unwrap(), None);
    store.create_key(acme, "first", Role::Admin, key).await.unwrap();
    let found = store.find_key(key.id).await.unwrap().unwrap();
    assert_eq!((found.id.as_str(), &found.tenant, found.role), (key.id, acme, Role::Admin));
    assert!(key.matches(&found.hash));
    fill.revoke(key.id).await;
    assert_eq!(store.find_key(key.id).await.unwrap(), None);
}

async fn tells_ended_jobs(store: &dyn Store, fill: &dyn Fill, acme: &TenantId, other: &TenantId) {
    for (state, data, objects) in [
        (EventType::Done, json!({ "text": "hi" }), false),
        (EventType::Done, json!(null), true),
        (EventType::Failed, json!({ "code": "x", "message": "y" }), true),
        (EventType::Cancelled, json!(null), false),
    ] {
        let job = JobRef { tenant: acme.clone(), id: JobId::generate() };
        let claim = (state == EventType::Done && objects).then(|| Claim::of(&job, Part::Output, b"large"));
        assert_eq!(store.job(&job).await.unwrap(), None);
        let ended = EndedJob {
            job: job.clone(),
            kind: Chat::KIND,
            lane: Lane::Bulk,
            attempt: 3,
            state,
            data,
            claim,
            objects,
            created_at: now(),
            ended_at: now(),
            trace_id: Some("0af7651916cd43dd8448eb211c80319c".into()),
            root: Some(JobId::generate()),
            parent: Some(JobId::generate()),
            group: Some(Uuid::now_v7()),
            children: vec![JobId::generate(), JobId::generate()],
        };
        fill.job(&ended).await;
        assert_eq!(store.job(&job).await.unwrap(), Some(ended));
        assert_eq!(store.job(&JobRef { tenant: other.clone(), ..job }).await.unwrap(), None);
    }
}

async fn tells_conversations(store: &dyn Store, fill: &dyn Fill, acme: &TenantId, other: &TenantId) {
    let begun = now();
    let mut all = Vec::new();
    // The second and the third changed at the same time: their ids decide.
    for minutes in [3, 2, 2, 1] {
        let (id, updated_at) = (Uuid::now_v7(), begun + Duration::minutes(minutes));
        all.push(Conversation { id, title: format!("{minutes}"), created_at: begun, updated_at });
    }
    all.swap(1, 2);
    let first = all[0].id;
    let mut messages: Vec<StoredMessage> = (1..=5)
        .map(|id| StoredMessage {
            id,
            job: Uuid::now_v7(),
            role: "user".into(),
            content: format!("message {id}"),
            model: (id % 2 == 0).then(|| "m".to_owned()),
            citations: (id % 2 == 0).then(|| vec![Citation { n: 3, quote: "Été.".into(), ..Citation::default() }]),
            created_at: begun,
        })
        .collect();
    for conversation in &all {
        let of_first = if conversation.id == first { &messages[..] } else { &[] };
        let ids = fill.conversation(acme, conversation, of_first).await;
        messages.iter_mut().zip(ids).for_each(|(message, id)| message.id = id);
    }
    assert_eq!(store.conversations(acme, 10, None).await.unwrap().unwrap(), all);
    assert_eq!(store.conversations(acme, 2, None).await.unwrap().unwrap(), all[..2]);
    for (i, conversation) in all.iter().enumerate() {
        assert_eq!(store.conversations(acme, 10, Some(conversation.id)).await.unwrap().unwrap(), all[i + 1..]);
    }
    assert_eq!(store.conversations(other, 10, None).await.unwrap().unwrap(), []);
    assert_eq!(store.conversations(other, 10, Some(first)).await.unwrap(), None);
    assert_eq!(store.conversation(acme, first, 10).await.unwrap(), Some((all[0].clone(), messages.clone())));
    assert_eq!(store.conversation(acme, first, 2).await.unwrap().unwrap().1, messages[3..]);
    assert_eq!(store.conversation(other, first, 10).await.unwrap(), None);
    assert!(store.has_conversation(acme, first).await.unwrap());
    assert!(!store.has_conversation(other, first).await.unwrap());
    assert!(!store.has_conversation(acme, Uuid::now_v7()).await.unwrap());
}

async fn lists_ended_jobs(store: &dyn Store, fill: &dyn Fill, acme: &TenantId, other: &TenantId) {
    let (begun, mut all) = (now(), Vec::new());
    for (i, state) in [EventType::Done, EventType::Failed, EventType::Done].into_iter().enumerate() {
        let at = begun + Duration::seconds(i64::try_from(i).unwrap());
        let parent = all.last().map(|job: &EndedJob| job.job.id);
        let job = EndedJob { created_at: at, parent, ..a_job(acme, state, None) };
        fill.job(&job).await;
        all.push(job);
    }
    let parent = all[0].job.id;
    all.reverse();
    let any = EndedFilter::default();
    assert_eq!(store.jobs(acme, &any, 10, None).await.unwrap().unwrap(), all);
    assert_eq!(store.jobs(acme, &any, 1, Some(all[0].job.id)).await.unwrap().unwrap(), all[1..2]);
    assert_eq!(store.jobs(acme, &any, 10, Some(JobId::generate())).await.unwrap(), None);
    assert_eq!(store.jobs(other, &any, 10, None).await.unwrap().unwrap(), []);
    assert_eq!(store.jobs(other, &any, 10, Some(parent)).await.unwrap(), None);
    let failed = EndedFilter { state: Some(EventType::Failed), kind: Some(Chat::KIND), batch: None };
    assert_eq!(store.jobs(acme, &failed, 10, None).await.unwrap().unwrap(), all[1..2]);
    let none = EndedFilter { batch: Some(Uuid::now_v7()), ..EndedFilter::default() };
    assert_eq!(store.jobs(acme, &none, 10, None).await.unwrap().unwrap(), []);
    let mut family = store.family(acme, &[parent], 10).await.unwrap();
    family.sort_by_key(|job| std::cmp::Reverse(job.created_at));
    assert_eq!(family, all[1..]);
    assert_eq!(store.family(other, &[parent], 10).await.unwrap(), []);
}

async fn keeps_batches(store: &dyn Store, fill: &dyn Fill, acme: &TenantId, other: &TenantId) {
    let (id, at) = (Uuid::now_v7(), now());
    let callback = serde_json::from_value(json!({ "kind": "chat", "with": { "/x": "" } })).unwrap();
    store.create_batch(acme, id, Some(&callback), at).await.unwrap();
    let jobs = [EventType::Done, EventType::Failed].map(|state| a_job(acme, state, Some(id)));
    let ids = [jobs[0].job.id, jobs[1].job.id];
    store.add_to_batch(id, &ids).await.unwrap();
    // Adding a job again does not count it twice.
    store.add_to_batch(id, &ids[..1]).await.unwrap();
    store.add_to_batch(id, &[]).await.unwrap();
    let batch = store.batch(acme, id).await.unwrap().unwrap();
    assert_eq!((batch.total, batch.closed, batch.callback.as_ref(), batch.created_at), (2, false, Some(&callback), at));
    for missing in [store.batch(other, id).await, store.close_batch(other, id, at).await] {
        assert_eq!(missing.unwrap(), None);
    }
    assert_eq!(store.batches(acme, 10, None).await.unwrap().unwrap(), std::slice::from_ref(&batch));
    assert_eq!(store.batches(acme, 10, Some(id)).await.unwrap().unwrap(), []);
    assert_eq!(store.batches(other, 10, None).await.unwrap().unwrap(), []);
    assert_eq!(store.batches(other, 10, Some(id)).await.unwrap(), None);
    fill.job(&jobs[0]).await;
    let closed = store.close_batch(acme, id, at).await.unwrap().unwrap();
    assert_eq!((closed.total, closed.closed, closed.done, closed.is_complete()), (2, true, 1, false));
    fill.job(&jobs[1]).await;
    let complete = store.close_batch(acme, id, at).await.unwrap().unwrap();
    assert_eq!((complete.total, complete.done, complete.failed, complete.is_complete()), (2, 1, 1, true));
    let of_batch = EndedFilter { batch: Some(id), ..EndedFilter::default() };
    assert_eq!(store.jobs(acme, &of_batch, 10, None).await.unwrap().unwrap().len(), 2);
}

async fn counts_a_batch_that_ends_before_it_is_closed(store: &dyn Store, fill: &dyn Fill, acme: &TenantId) {
    let (id, at) = (Uuid::now_v7(), now());
    store.create_batch(acme, id, None, at).await.unwrap();
    let jobs = [EventType::Done, EventType::Done].map(|state| a_job(acme, state, Some(id)));
    store.add_to_batch(id, &[jobs[0].job.id]).await.unwrap();
    for job in &jobs {
        fill.job(job).await;
    }
    // The second one was published by a gateway that died before it could add it.
    let closed = store.close_batch(acme, id, at).await.unwrap().unwrap();
    assert_eq!((closed.total, closed.done, closed.is_complete(), closed.ended_at), (2, 2, true, Some(at)));
    let (empty, at) = (Uuid::now_v7(), now());
    store.create_batch(acme, empty, None, at).await.unwrap();
    assert!(store.close_batch(acme, empty, at).await.unwrap().unwrap().is_complete());
}

async fn ends_a_job_before_its_time(store: &dyn Store, fill: &dyn Fill, acme: &TenantId) {
    let (id, at) = (Uuid::now_v7(), now());
    store.create_batch(acme, id, None, at).await.unwrap();
    let jobs = [EventType::Cancelled, EventType::Done].map(|state| a_job(acme, state, Some(id)));
    store.add_to_batch(id, &[jobs[0].job.id, jobs[1].job.id]).await.unwrap();
    fill.job(&jobs[1]).await;
    store.close_batch(acme, id, at).await.unwrap();
    let batch = store.put_cancelled(&jobs[0]).await.unwrap().unwrap();
    assert_eq!((batch.cancelled, batch.is_complete()), (1, true));
    assert_eq!(store.job(&jobs[0].job).await.unwrap(), Some(jobs[0].clone()));
    // Idempotent; no effect on a job that has ended otherwise.
    assert_eq!(store.put_cancelled(&jobs[0]).await.unwrap().unwrap().cancelled, 1);
    let late = EndedJob { state: EventType::Cancelled, ..jobs[1].clone() };
    assert_eq!(store.put_cancelled(&late).await.unwrap().unwrap().cancelled, 1);
    assert_eq!(store.job(&late.job).await.unwrap().unwrap().state, EventType::Done);
    let alone = a_job(acme, EventType::Cancelled, None);
    assert_eq!(store.put_cancelled(&alone).await.unwrap(), None);
    assert_eq!(store.job(&alone.job).await.unwrap(), Some(alone));
}

#[tokio::test]
async fn the_store_in_memory_holds_the_contract() {
    let store = Memory::default();
    holds_the_contract(&store, &store).await;
}

#[tokio::test]
async fn the_store_on_postgres_holds_the_contract() {
    let (store, fill) = opened().await;
    holds_the_contract(&*store, &fill).await;
}

#[tokio::test]
async fn a_database_without_tables_is_not_ready() {
    let store =
        Postgres::connect(&settings(testing::shared_postgres().await, &testing::unique("none")), Application::GATEWAY)
            .unwrap();
    assert!(store.ready().await.is_err());
}
