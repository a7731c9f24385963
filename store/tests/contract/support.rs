//! Stores of both adapters, and test data.

pub use std::{sync::Arc, time::Duration};

pub use chrono::{DateTime, SubsecRound, Utc};
pub use ruche_schemas::{
    Claim, EventType, Failure, Job as _, JobId, JobRef, Kind, Lane, TenantId,
    claim::Part,
    clock,
    config::{self, Secret},
    event::Outcome,
    failure::codes,
    kinds::chat::{Chat, Message, Role},
};
pub use ruche_services::testing;
pub use ruche_store::{
    Health, StoreError,
    conversations::{Conversation, Conversations, HISTORY_MESSAGES, History, Turn, TurnMessage},
    documents::DocumentStore,
    files::{File, Files},
    groups::{Group, Member},
    jobs::EndedJob,
    ledger::{Committed, Ended, Ledger, Stored, Usage, Write},
    memory::Memory,
    postgres::{Application, Postgres},
    retention::Retention,
};
pub use sea_orm::{ConnectOptions, Database, DatabaseConnection};
pub use serde_json::{Value, json};
pub use tokio::task::JoinSet;
pub use uuid::Uuid;

pub trait Store: Ledger + Retention + ruche_store::Store {}
impl<S: Ledger + Retention + ruche_store::Store> Store for S {}

pub fn settings(url: String, schema: &str) -> config::Postgres {
    config::Postgres { url: Secret(url), schema: schema.to_owned(), connections: 8 }
}

pub async fn in_postgres(url: String) -> Postgres {
    in_schema(url, testing::unique("store")).await
}

pub async fn in_schema(url: String, schema: String) -> Postgres {
    ruche_migrations::up(&url, &schema).await.unwrap();
    Postgres::connect(&settings(url, &schema), Application::WORKER).unwrap()
}

pub async fn stores() -> [Arc<dyn Store>; 2] {
    [Arc::new(Memory::new()), Arc::new(in_postgres(testing::shared_postgres().await).await)]
}

/// A second connection to the store's schema.
pub async fn beside(url: String, schema: String) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.set_schema_search_path(schema).max_connections(1).sqlx_logging(false);
    Box::pin(Database::connect(options)).await.unwrap()
}

/// A store in Postgres, and a connection to inspect it.
pub async fn opened() -> (Arc<Postgres>, DatabaseConnection) {
    let (url, schema) = (testing::shared_postgres().await, testing::unique("store"));
    let store = in_schema(url.clone(), schema.clone()).await;
    (Arc::new(store), beside(url, schema).await)
}

/// In microseconds, like stored times.
pub fn now() -> DateTime<Utc> {
    clock::now().trunc_subsecs(6)
}

pub fn file(job: &JobRef, title: Option<&str>) -> File {
    File {
        claim: Claim::of(job, Part::Document, b"%PDF-"),
        media_type: "application/pdf".to_owned(),
        pages: 12,
        title: title.map(str::to_owned),
        template: "report".to_owned(),
        warnings: 3,
    }
}

pub fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

pub fn job(owner: &str) -> JobRef {
    JobRef { tenant: tenant(owner), id: JobId::generate() }
}

pub fn ended(job: &JobRef, attempt: u32, output: Value) -> Ended {
    Ended {
        job: job.clone(),
        kind: Kind::new("chat"),
        lane: Lane::Normal,
        attempt,
        outcome: Outcome::Done(output),
        created_at: clock::now(),
        ended_at: clock::now(),
        trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
        writes: Vec::new(),
        origin: None,
        member: None,
        children: Vec::new(),
        objects: false,
    }
}

pub fn stored() -> Stored {
    Stored { outcome: Outcome::Cancelled, attempt: 1, kind: Kind::new("chat") }
}

pub fn member(owner: &str, group: Uuid, index: u32, of: Option<u32>, outcome: Outcome<Value>) -> Ended {
    Ended { outcome, member: Some(Member { group, index, of }), ..ended(&job(owner), 1, Value::Null) }
}

pub fn turn_message(role: Role, content: &str) -> TurnMessage {
    TurnMessage { role, content: content.to_owned(), model: None, citations: None }
}

pub fn turn(conversation: Uuid, contents: &[&str]) -> Write {
    let messages = contents.iter().map(|content| turn_message(Role::User, content)).collect();
    Write::Turn(Turn { conversation, begins: true, messages })
}

pub async fn contents(store: &Arc<dyn Store>, owner: &str, conversation: Uuid) -> Option<Vec<String>> {
    let history = store.history(&tenant(owner), conversation).await.unwrap();
    history.map(|history| history.messages.into_iter().map(|message| message.content).collect())
}

pub fn refusal<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Failure {
    match result {
        Err(StoreError::Refused(failure)) => failure,
        other => panic!("not refused: {other:?}"),
    }
}

pub fn a_job(owner: &TenantId, state: EventType, group: Option<Uuid>) -> EndedJob {
    EndedJob {
        job: JobRef { tenant: owner.clone(), id: JobId::generate() },
        kind: Chat::KIND,
        lane: Lane::Normal,
        attempt: 1,
        state,
        data: json!(null),
        claim: None,
        objects: false,
        created_at: now(),
        ended_at: now(),
        trace_id: None,
        root: None,
        parent: None,
        group,
        children: Vec::new(),
    }
}
