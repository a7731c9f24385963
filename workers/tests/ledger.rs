//! What the runtime relies on: one contract, for the ledger in memory and the one in Postgres.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use ruche_schemas::{
    Claim, Failure, JobId, JobRef, Kind, Lane, TenantId,
    claim::Part,
    config::{self, Secret},
    event::Outcome,
    failure::codes,
    jobs::chat::{Message, Role},
    tables::renders,
};
use ruche_services::testing;
use ruche_workers::{
    adapters::{memory_ledger::MemoryLedger, postgres::Postgres},
    ports::{
        conversations::{Conversations, HISTORY_MESSAGES},
        ledger::{
            Committed, Document, Ended, Group, Keep, Ledger, LedgerError, Place, Stored, Turn, TurnMessage, Usage,
        },
    },
};
use sea_orm::{ColumnTrait, ConnectOptions, Database, DatabaseConnection, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

trait Store: Ledger + Conversations {}
impl<S: Ledger + Conversations> Store for S {}

async fn in_postgres(url: String) -> Postgres {
    in_schema(url, testing::unique("ledger")).await
}

async fn in_schema(url: String, schema: String) -> Postgres {
    ruche_migrations::up(&url, &schema).await.unwrap();
    Postgres::connect(&config::Postgres { url: Secret(url), schema, connections: 8 }).unwrap()
}

/// An empty store of each adapter.
async fn stores() -> [Arc<dyn Store>; 2] {
    [Arc::new(MemoryLedger::new()), Arc::new(in_postgres(testing::shared_postgres().await).await)]
}

/// What lists of documents show, of each adapter.
enum Documents {
    Memory(Arc<MemoryLedger>),
    Postgres(DatabaseConnection),
}

impl Documents {
    async fn of(&self, job: &JobRef) -> Option<Document> {
        let db = match self {
            Self::Memory(ledger) => return ledger.document(job),
            Self::Postgres(db) => db,
        };
        let found = renders::Entity::find_by_id(job.id.0).filter(renders::Column::Tenant.eq(job.tenant.as_str()));
        found.one(db).await.unwrap().map(|row| Document {
            claim: Claim { key: row.key, bytes: row.bytes.try_into().unwrap(), blake3: row.blake3 },
            media_type: row.media_type,
            pages: row.pages.try_into().unwrap(),
            title: row.title,
            template: row.template,
            warnings: row.warnings.try_into().unwrap(),
        })
    }
}

/// An empty store of each adapter, and its list of documents.
async fn libraries() -> [(Arc<dyn Store>, Documents); 2] {
    let (url, schema) = (testing::shared_postgres().await, testing::unique("ledger"));
    let (memory, postgres) = (Arc::new(MemoryLedger::new()), in_schema(url.clone(), schema.clone()).await);
    let mut options = ConnectOptions::new(url);
    options.set_schema_search_path(schema).max_connections(1).sqlx_logging(false);
    let db = Box::pin(Database::connect(options)).await.unwrap();
    [(memory.clone(), Documents::Memory(memory)), (Arc::new(postgres), Documents::Postgres(db))]
}

fn document(job: &JobRef, title: Option<&str>) -> Document {
    Document {
        claim: Claim::of(job, Part::Document, b"%PDF-"),
        media_type: "application/pdf".to_owned(),
        pages: 12,
        title: title.map(str::to_owned),
        template: "report".to_owned(),
        warnings: 3,
    }
}

fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

fn job(owner: &str) -> JobRef {
    JobRef { tenant: tenant(owner), id: JobId::generate() }
}

fn ended(job: &JobRef, attempt: u32, output: Value) -> Ended {
    Ended {
        job: job.clone(),
        kind: Kind::new("chat"),
        lane: Lane::Normal,
        attempt,
        outcome: Outcome::Done(output),
        created_at: Utc::now(),
        ended_at: Utc::now(),
        trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
        keep: Vec::new(),
        origin: None,
        member: None,
        children: Vec::new(),
        objects: false,
    }
}

fn stored() -> Stored {
    Stored { outcome: Outcome::Cancelled, attempt: 1, kind: Kind::new("chat") }
}

/// The end of a job in a group.
fn member(owner: &str, group: Uuid, index: u32, of: Option<u32>, outcome: Outcome<Value>) -> Ended {
    Ended { outcome, member: Some(Place { group, index, of }), ..ended(&job(owner), 1, Value::Null) }
}

fn said(role: Role, content: &str) -> TurnMessage {
    TurnMessage { role, content: content.to_owned(), model: None }
}

fn turn(conversation: Uuid, contents: &[&str]) -> Keep {
    Keep::Turn(Turn { conversation, messages: contents.iter().map(|content| said(Role::User, content)).collect() })
}

async fn contents(store: &Arc<dyn Store>, owner: &str, conversation: Uuid) -> Option<Vec<String>> {
    let history = store.history(&tenant(owner), conversation).await.unwrap();
    history.map(|messages| messages.into_iter().map(|message| message.content).collect())
}

fn refusal<T: std::fmt::Debug>(result: Result<T, LedgerError>) -> Failure {
    match result {
        Err(LedgerError::Refused(failure)) => failure,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn first_commit_wins() {
    for store in stores().await {
        let job = job("acme");
        store.ready().await.unwrap();
        assert_eq!(store.ended(&job).await.unwrap(), None);
        assert_eq!(store.commit(&ended(&job, 1, json!({"text": "one"}))).await.unwrap(), Committed::Stored);
        let one = Stored { outcome: Outcome::Done(json!({"text": "one"})), attempt: 1, kind: Kind::new("chat") };
        let again = store.commit(&ended(&job, 2, json!({"text": "two"}))).await.unwrap();
        assert_eq!(again, Committed::Already(one.clone()));
        assert_eq!(store.ended(&job).await.unwrap(), Some(one.clone()));
        assert_eq!(store.fence(&job, 3).await.unwrap(), Some(one));
    }
}

#[tokio::test]
async fn every_outcome_comes_back_as_it_was() {
    let failure = Failure::new("engine_failed", "the engine \"stopped\"").with_param("messages[0]");
    for store in stores().await {
        let outcomes = [
            Outcome::Done(json!({"float": 0.1, "list": [1, null, "é"], "deep": {"deep": [{}]}})),
            Outcome::Done(Value::Null),
            Outcome::Failed(failure.clone()),
            Outcome::Cancelled,
        ];
        for outcome in outcomes {
            let job = job("acme");
            let commit = Ended { outcome: outcome.clone(), ..ended(&job, 1, Value::Null) };
            assert_eq!(store.commit(&commit).await.unwrap(), Committed::Stored);
            assert_eq!(store.ended(&job).await.unwrap().map(|stored| stored.outcome), Some(outcome));
        }
    }
}

#[tokio::test]
async fn a_fenced_attempt_can_not_commit() {
    for store in stores().await {
        let job = job("acme");
        assert_eq!(store.fence(&job, 3).await.unwrap(), None);
        // A late registration of an earlier attempt lowers nothing.
        assert_eq!(store.fence(&job, 2).await.unwrap(), None);
        for attempt in [1, 2] {
            assert_eq!(store.commit(&ended(&job, attempt, json!(attempt))).await.unwrap(), Committed::Fenced);
        }
        assert_eq!(store.ended(&job).await.unwrap(), None);
        assert_eq!(store.commit(&ended(&job, 3, json!(3))).await.unwrap(), Committed::Stored);
    }
}

#[tokio::test]
async fn a_commit_is_all_or_nothing() {
    for store in stores().await {
        let (job, mine, theirs) = (job("acme"), Uuid::now_v7(), Uuid::now_v7());
        let other = Ended { keep: vec![turn(theirs, &["secret"])], ..ended(&self::job("other"), 1, json!("x")) };
        store.commit(&other).await.unwrap();
        let usage = Keep::Usage(Usage { model: "tiny".to_owned(), prompt_tokens: 3, completion_tokens: 4 });
        let mut commit = ended(&job, 1, json!("answer"));
        commit.keep = vec![usage.clone(), turn(mine, &["hello"]), turn(theirs, &["hello"])];
        assert_eq!(refusal(store.commit(&commit).await).code, codes::UNKNOWN_CONVERSATION);
        assert_eq!(store.ended(&job).await.unwrap(), None);
        assert_eq!(contents(&store, "acme", mine).await, None);
        // The refused commit left nothing in the way of a good one.
        commit.keep = vec![usage, turn(mine, &["hello", "there"])];
        assert_eq!(store.commit(&commit).await.unwrap(), Committed::Stored);
        assert_eq!(contents(&store, "acme", mine).await.unwrap(), ["hello", "there"]);
        // What comes with a commit that came second is not kept.
        commit.keep = vec![turn(mine, &["again"])];
        assert!(matches!(store.commit(&commit).await.unwrap(), Committed::Already(_)));
        assert_eq!(contents(&store, "acme", mine).await.unwrap(), ["hello", "there"]);
    }
}

#[tokio::test]
async fn another_tenants_conversation_is_refused_and_nothing_is_written() {
    for store in stores().await {
        let (conversation, intruder) = (Uuid::now_v7(), job("intruder"));
        let commit = Ended { keep: vec![turn(conversation, &["private"])], ..ended(&job("acme"), 1, json!("x")) };
        store.commit(&commit).await.unwrap();
        let commit = Ended { keep: vec![turn(conversation, &["let me in"])], ..ended(&intruder, 1, json!("x")) };
        let failure = refusal(store.commit(&commit).await);
        assert_eq!((failure.code.as_str(), failure.param.as_deref()), ("conversation_not_found", Some("conversation")));
        assert!(failure.is_callers() && !failure.to_string().contains("acme"), "{failure}");
        assert_eq!(store.ended(&intruder).await.unwrap(), None);
        assert_eq!(contents(&store, "acme", conversation).await.unwrap(), ["private"]);
    }
}

#[tokio::test]
async fn another_tenants_job_id_is_taken_but_tells_nothing() {
    for store in stores().await {
        let mine = job("acme");
        let theirs = JobRef { tenant: tenant("intruder"), id: mine.id };
        // Whoever guesses the id of a running job can't hold it up.
        assert_eq!(store.fence(&theirs, 9).await.unwrap(), None);
        assert_eq!(store.commit(&ended(&mine, 1, json!("private"))).await.unwrap(), Committed::Stored);
        assert_eq!(store.ended(&theirs).await.unwrap(), None);
        assert_eq!(store.fence(&theirs, 10).await.unwrap(), None);
        let failure = refusal(store.commit(&ended(&theirs, 10, json!("x"))).await);
        assert_eq!((failure.code.as_str(), failure.param.as_deref()), (codes::INVALID, Some("id")));
        assert!(!failure.to_string().contains("private"), "{failure}");
    }
}

#[tokio::test]
async fn history_is_in_order_and_of_its_tenant_only() {
    for store in stores().await {
        let conversation = Uuid::now_v7();
        assert_eq!(store.history(&tenant("acme"), conversation).await.unwrap(), None);
        let first = vec![said(Role::System, "Be brief."), said(Role::User, "hi"), said(Role::Assistant, "hello")];
        let second = vec![said(Role::User, "and?"), said(Role::Assistant, "")];
        for messages in [first, second] {
            let keep = vec![Keep::Turn(Turn { conversation, messages })];
            store.commit(&Ended { keep, ..ended(&job("acme"), 1, json!("x")) }).await.unwrap();
        }
        let message = |role, content: &str| Message { role, content: content.to_owned() };
        let expected = vec![
            message(Role::System, "Be brief."),
            message(Role::User, "hi"),
            message(Role::Assistant, "hello"),
            message(Role::User, "and?"),
            message(Role::Assistant, ""),
        ];
        assert_eq!(store.history(&tenant("acme"), conversation).await.unwrap(), Some(expected));
        assert_eq!(store.history(&tenant("other"), conversation).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_long_history_is_its_newest_part() {
    for store in stores().await {
        let conversation = Uuid::now_v7();
        let many: Vec<String> = (0..HISTORY_MESSAGES + 5).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let commit = Ended { keep: vec![turn(conversation, &many)], ..ended(&job("acme"), 1, json!("x")) };
        store.commit(&commit).await.unwrap();
        assert_eq!(contents(&store, "acme", conversation).await.unwrap(), many[5..]);
    }
}

#[tokio::test]
async fn a_nul_character_breaks_nothing() {
    for store in stores().await {
        let (job, conversation) = (job("acme"), Uuid::now_v7());
        let mut commit = ended(&job, 1, json!({"te\0xt": ["a\0b"]}));
        commit.keep = vec![turn(conversation, &["nul \0", "\\u0000"])];
        assert_eq!(store.commit(&commit).await.unwrap(), Committed::Stored);
        let outcome = store.ended(&job).await.unwrap().map(|stored| stored.outcome);
        assert_eq!(outcome, Some(Outcome::Done(json!({"te\u{fffd}xt": ["a\u{fffd}b"]}))));
        assert_eq!(contents(&store, "acme", conversation).await.unwrap(), ["nul \u{fffd}", "\\u0000"]);
        let failed =
            Ended { outcome: Outcome::Failed(Failure::new("bad", "a\0b")), ..ended(&self::job("acme"), 1, json!(0)) };
        store.commit(&failed).await.unwrap();
        let outcome = store.ended(&failed.job).await.unwrap().map(|stored| stored.outcome);
        assert_eq!(outcome, Some(Outcome::Failed(Failure::new("bad", "a\u{fffd}b"))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_concurrent_commits_one_is_stored() {
    for store in stores().await {
        let (job, conversation) = (job("acme"), Uuid::now_v7());
        let mut running = JoinSet::new();
        for n in 0..20 {
            let (store, mut commit) = (Arc::clone(&store), ended(&job, 1, json!(n)));
            commit.keep = vec![turn(conversation, &[&n.to_string()])];
            running.spawn(async move { (n, store.commit(&commit).await.unwrap()) });
        }
        let all = running.join_all().await;
        let stored: Vec<i32> = all.iter().filter(|(_, end)| *end == Committed::Stored).map(|(n, _)| *n).collect();
        let [winner] = stored[..] else { panic!("stored: {stored:?}") };
        for (n, end) in all.iter().filter(|(n, _)| *n != winner) {
            let Committed::Already(kept) = end else { panic!("{n}: {end:?}") };
            assert_eq!(kept.outcome, Outcome::Done(json!(winner)));
        }
        assert_eq!(contents(&store, "acme", conversation).await.unwrap(), [winner.to_string()]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_at_once_do_not_mix_their_messages() {
    for store in stores().await {
        let conversation = Uuid::now_v7();
        let mut running = JoinSet::new();
        for n in 0..10 {
            let (store, mut commit) = (Arc::clone(&store), ended(&job("acme"), 1, json!(n)));
            commit.keep = vec![turn(conversation, &[&format!("{n} asks"), &format!("{n} is answered")])];
            running.spawn(async move { store.commit(&commit).await.unwrap() });
        }
        assert!(running.join_all().await.iter().all(|end| *end == Committed::Stored));
        let history = contents(&store, "acme", conversation).await.unwrap();
        assert_eq!(history.len(), 20);
        for pair in history.chunks(2) {
            assert_eq!(pair[1], pair[0].replace("asks", "is answered"));
        }
    }
}

/// Either the commit was first and the fence tells the outcome, or the fence was first and the commit is fenced.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_and_a_fence_never_both_win() {
    for store in stores().await {
        let (mut commits, mut fences) = (0, 0);
        for round in 0..200 {
            let job = job("acme");
            let (a, b, begin) = (Arc::clone(&store), Arc::clone(&store), Arc::new(tokio::sync::Barrier::new(2)));
            let (commit, fenced, other) = (ended(&job, 1, json!(round)), job.clone(), Arc::clone(&begin));
            let committing = tokio::spawn(async move {
                begin.wait().await;
                a.commit(&commit).await.unwrap()
            });
            let fencing = tokio::spawn(async move {
                other.wait().await;
                b.fence(&fenced, 2).await.unwrap()
            });
            match (committing.await.unwrap(), fencing.await.unwrap()) {
                (Committed::Stored, Some(stored)) if stored.outcome == Outcome::Done(json!(round)) => commits += 1,
                (Committed::Fenced, None) => fences += 1,
                both => panic!("round {round}: {both:?}"),
            }
        }
        println!("the commit came first {commits} times, the fence {fences} times");
    }
}

#[tokio::test]
async fn a_group_counts_each_member_once_and_knows_when_it_is_complete() {
    for store in stores().await {
        let (group, acme) = (Uuid::now_v7(), tenant("acme"));
        assert_eq!(store.group(&acme, group).await.unwrap(), None);
        let failed = Outcome::Failed(Failure::new("bad", "it is bad"));
        // Out of order, and the first one twice.
        let last = member("acme", group, 2, Some(3), failed.clone());
        for expected in [Committed::Stored, Committed::Already(Stored { outcome: failed.clone(), ..stored() })] {
            assert_eq!(store.commit(&last).await.unwrap(), expected);
        }
        store.commit(&member("acme", group, 0, Some(3), Outcome::Done(json!("first")))).await.unwrap();
        let counted = Group { expected: Some(3), done: 1, failed: 1, ..Group::default() };
        assert_eq!(store.group(&acme, group).await.unwrap(), Some(counted.clone()));
        assert!(!counted.is_complete());
        store.commit(&member("acme", group, 1, Some(3), Outcome::Cancelled)).await.unwrap();
        let complete = store.group(&acme, group).await.unwrap().unwrap();
        assert_eq!((complete.is_complete(), complete.cancelled), (true, 1));
        let members = store.members(&acme, group, 10).await.unwrap();
        let outcomes: Vec<_> = members.into_iter().map(|(_, stored)| stored.outcome).collect();
        assert_eq!(outcomes, [Outcome::Done(json!("first")), Outcome::Cancelled, failed]);
        assert_eq!(store.members(&acme, group, 2).await.unwrap().len(), 2);
        // Another tenant sees nothing of it, and adds nothing to it.
        assert_eq!(store.group(&tenant("other"), group).await.unwrap(), None);
        assert_eq!(store.members(&tenant("other"), group, 10).await.unwrap(), []);
        store.commit(&member("other", group, 0, Some(9), Outcome::Cancelled)).await.unwrap();
        assert_eq!(store.group(&acme, group).await.unwrap(), Some(complete));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_end_at_once_are_all_counted_and_the_last_one_sees_it() {
    for store in stores().await {
        let (group, mut running) = (Uuid::now_v7(), JoinSet::new());
        for index in 0..300 {
            let store = Arc::clone(&store);
            running.spawn(async move {
                let one = member("acme", group, index, Some(300), Outcome::Done(json!(index)));
                assert_eq!(store.commit(&one).await.unwrap(), Committed::Stored);
                store.group(&tenant("acme"), group).await.unwrap().unwrap().is_complete()
            });
        }
        assert!(running.join_all().await.contains(&true));
        assert_eq!(store.group(&tenant("acme"), group).await.unwrap().unwrap().done, 300);
        assert_eq!(store.members(&tenant("acme"), group, 1_000).await.unwrap().len(), 300);
    }
}

/// Commits at once are written together: one that is refused must not take the others along, nor a fenced one.
#[tokio::test(flavor = "multi_thread")]
async fn one_bad_job_among_many_fails_alone() {
    for store in stores().await {
        let theirs = Uuid::now_v7();
        let other = Ended { keep: vec![turn(theirs, &["secret"])], ..ended(&job("other"), 1, json!("x")) };
        store.commit(&other).await.unwrap();
        let mut running = JoinSet::new();
        for n in 0..100 {
            let (store, job) = (Arc::clone(&store), job("acme"));
            running.spawn(async move {
                let mut commit = ended(&job, 1, json!(n));
                match n % 10 {
                    3 => commit.keep = vec![turn(theirs, &["let me in"])],
                    4 => commit.keep = vec![turn(Uuid::now_v7(), &["hello"])],
                    5 => drop(store.fence(&job, 2).await.unwrap()),
                    _ => {}
                }
                (n % 10, store.commit(&commit).await, store.ended(&job).await.unwrap().is_some())
            });
        }
        for (n, answer, is_kept) in running.join_all().await {
            match n {
                3 => assert_eq!((refusal(answer).code.as_str(), is_kept), (codes::UNKNOWN_CONVERSATION, false)),
                5 => assert_eq!((answer.unwrap(), is_kept), (Committed::Fenced, false)),
                _ => assert_eq!((answer.unwrap(), is_kept), (Committed::Stored, true)),
            }
        }
    }
}

#[tokio::test]
async fn what_ended_long_ago_is_forgotten_in_steps_and_nothing_else() {
    for store in stores().await {
        let (old, fresh, group) = (Utc::now() - chrono::TimeDelta::days(40), job("acme"), Uuid::now_v7());
        let mut ancient = Vec::new();
        for index in 0..3 {
            let ended = Ended { ended_at: old, ..member("acme", group, index, Some(3), Outcome::Cancelled) };
            store.commit(&ended).await.unwrap();
            ancient.push(ended.job);
        }
        let open = Ended { ended_at: old, ..member("acme", fresh.id.0, 0, Some(2), Outcome::Cancelled) };
        store.commit(&ended(&fresh, 1, json!("kept"))).await.unwrap();
        store.commit(&open).await.unwrap();
        let before = Utc::now() - chrono::TimeDelta::days(30);
        // At most two of each table: two jobs and the group; then the other two.
        assert_eq!(store.purge(before, 2).await.unwrap(), 3);
        assert_eq!(store.purge(before, 2).await.unwrap(), 2);
        assert_eq!(store.purge(before, 2).await.unwrap(), 0);
        for job in ancient {
            assert_eq!(store.ended(&job).await.unwrap(), None);
        }
        assert!(store.ended(&fresh).await.unwrap().is_some());
        assert_eq!(store.group(&tenant("acme"), group).await.unwrap(), None);
        assert!(store.group(&tenant("acme"), fresh.id.0).await.unwrap().is_some(), "it is not complete");
    }
}

#[tokio::test]
async fn a_claim_is_kept_and_a_row_stays_until_its_objects_are_gone() {
    for store in stores().await {
        let (old, jobs) = (Utc::now() - chrono::TimeDelta::days(40), [job("acme"), job("other"), job("acme")]);
        for (i, job) in (0_i32..).zip(&jobs) {
            let outcome = match i {
                0 => Outcome::Claimed(Claim::of(job, Part::Output, b"large")),
                _ => Outcome::Cancelled,
            };
            let ended_at = old + chrono::TimeDelta::seconds(i.into());
            let ended = Ended { outcome, ended_at, objects: i < 2, ..ended(job, 1, Value::Null) };
            assert_eq!(store.commit(&ended).await.unwrap(), Committed::Stored);
            assert_eq!(store.ended(job).await.unwrap().unwrap().outcome, ended.outcome);
        }
        let before = Utc::now() - chrono::TimeDelta::days(30);
        assert_eq!(store.holding(before, 10).await.unwrap(), jobs[..2]);
        assert_eq!(store.holding(before, 1).await.unwrap(), jobs[..1]);
        assert_eq!(store.holding(old, 10).await.unwrap(), []);
        assert_eq!(store.purge(before, 10).await.unwrap(), 1, "only what has none");
        store.released(&jobs[..1]).await.unwrap();
        store.released(&[]).await.unwrap();
        assert_eq!(store.holding(before, 10).await.unwrap(), jobs[1..2]);
        assert_eq!(store.purge(before, 10).await.unwrap(), 1);
        assert_eq!(store.ended(&jobs[0]).await.unwrap(), None);
        assert!(store.ended(&jobs[1]).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_document_is_listed_with_its_job_and_forgotten_with_it() {
    for (store, documents) in libraries().await {
        let (mine, other, old) = (job("acme"), job("acme"), Utc::now() - chrono::TimeDelta::days(40));
        for (job, title) in [(&mine, Some("Re\0port")), (&other, None)] {
            let keep = vec![Keep::Document(document(job, title))];
            let ended = Ended { keep, ended_at: old, objects: true, ..ended(job, 1, Value::Null) };
            assert_eq!(store.commit(&ended).await.unwrap(), Committed::Stored);
            // A second commit is of a document that nobody will ever see.
            let again = Ended { keep: vec![Keep::Document(document(job, Some("again")))], ..ended };
            assert!(matches!(store.commit(&again).await.unwrap(), Committed::Already(_)));
        }
        assert_eq!(documents.of(&mine).await, Some(document(&mine, Some("Re\u{fffd}port"))));
        assert_eq!(documents.of(&other).await, Some(document(&other, None)));
        assert_eq!(documents.of(&JobRef { tenant: tenant("other"), ..mine.clone() }).await, None);
        let before = Utc::now() - chrono::TimeDelta::days(30);
        assert_eq!(store.purge(before, 10).await.unwrap(), 0, "while their objects are there, so are they");
        store.released(std::slice::from_ref(&mine)).await.unwrap();
        assert_eq!(store.purge(before, 10).await.unwrap(), 1);
        assert_eq!(documents.of(&mine).await, None);
        assert!(documents.of(&other).await.is_some());
    }
}

#[tokio::test]
async fn a_document_of_a_commit_that_is_refused_is_not_listed() {
    for (store, documents) in libraries().await {
        let (mine, theirs) = (job("acme"), Uuid::now_v7());
        let other = Ended { keep: vec![turn(theirs, &["secret"])], ..ended(&job("other"), 1, json!("x")) };
        store.commit(&other).await.unwrap();
        let keep = vec![Keep::Document(document(&mine, None)), turn(theirs, &["hello"])];
        refusal(store.commit(&Ended { keep, ..ended(&mine, 1, json!("x")) }).await);
        assert_eq!(documents.of(&mine).await, None);
    }
}

#[tokio::test]
async fn unavailable_while_down_then_recovers() {
    let server = testing::postgres().await;
    let store = in_postgres(server.url()).await;
    let (kept, late) = (job("acme"), job("acme"));
    store.commit(&ended(&kept, 1, json!("kept"))).await.unwrap();
    server.stop().await;
    // Also a worker that starts now gets its ledger, and waits.
    let settings = config::Postgres { url: Secret(server.url()), schema: "public".to_owned(), connections: 1 };
    let second = Postgres::connect(&settings).unwrap();
    let (commit, fence) = (ended(&late, 1, json!("late")), async { second.fence(&late, 2).await });
    let (commit, fence, ready) = tokio::join!(store.commit(&commit), fence, store.ready());
    for error in [commit.unwrap_err(), fence.unwrap_err(), ready.unwrap_err()] {
        assert!(matches!(error, LedgerError::Unavailable(_)), "{error:?}");
    }
    server.start().await;
    tokio::time::timeout(Duration::from_secs(60), async { while store.ready().await.is_err() {} }).await.unwrap();
    assert!(store.ended(&kept).await.unwrap().is_some());
    assert_eq!(store.commit(&ended(&late, 1, json!("late"))).await.unwrap(), Committed::Stored);
    let missing = second.ready().await.unwrap_err().to_string();
    assert!(missing.contains("ruche-migrate up"), "{missing}");
}
