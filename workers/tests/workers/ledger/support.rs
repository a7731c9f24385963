//! Stores of both adapters, and what the tests put into them.

pub use std::{sync::Arc, time::Duration};

pub use chrono::Utc;
pub use ruche_schemas::{
    Claim, Failure, JobId, JobRef, Kind, Lane, TenantId,
    claim::Part,
    config::{self, Secret},
    event::Outcome,
    failure::codes,
    kinds::chat::{Message, Role},
};
pub use ruche_services::testing;
pub use ruche_store::entities::renders;
pub use ruche_workers::{
    adapters::{memory_ledger::MemoryLedger, postgres::Postgres},
    ports::{
        conversations::{Conversations, HISTORY_MESSAGES},
        corpus::Corpus,
        ledger::{
            Committed, Document, Ended, Group, Keep, Ledger, LedgerError, Place, Stored, Turn, TurnMessage, Usage,
        },
    },
};
pub use sea_orm::{ColumnTrait, ConnectOptions, Database, DatabaseConnection, EntityTrait, QueryFilter};
pub use serde_json::{Value, json};
pub use tokio::task::JoinSet;
pub use uuid::Uuid;

pub trait Store: Corpus + Ledger + Conversations {}
impl<S: Corpus + Ledger + Conversations> Store for S {}

pub async fn in_postgres(url: String) -> Postgres {
    in_schema(url, testing::unique("ledger")).await
}

pub async fn in_schema(url: String, schema: String) -> Postgres {
    ruche_migrations::up(&url, &schema).await.unwrap();
    Postgres::connect(&config::Postgres { url: Secret(url), schema, connections: 8 }).unwrap()
}

/// An empty store of each adapter.
pub async fn stores() -> [Arc<dyn Store>; 2] {
    [Arc::new(MemoryLedger::new()), Arc::new(in_postgres(testing::shared_postgres().await).await)]
}

/// What lists of documents show, of each adapter.
pub enum Documents {
    Memory(Arc<MemoryLedger>),
    Postgres(DatabaseConnection),
}

impl Documents {
    pub async fn of(&self, job: &JobRef) -> Option<Document> {
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
pub async fn libraries() -> [(Arc<dyn Store>, Documents); 2] {
    let (url, schema) = (testing::shared_postgres().await, testing::unique("ledger"));
    let (memory, postgres) = (Arc::new(MemoryLedger::new()), in_schema(url.clone(), schema.clone()).await);
    let mut options = ConnectOptions::new(url);
    options.set_schema_search_path(schema).max_connections(1).sqlx_logging(false);
    let db = Box::pin(Database::connect(options)).await.unwrap();
    [(memory.clone(), Documents::Memory(memory)), (Arc::new(postgres), Documents::Postgres(db))]
}

pub fn document(job: &JobRef, title: Option<&str>) -> Document {
    Document {
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

pub fn stored() -> Stored {
    Stored { outcome: Outcome::Cancelled, attempt: 1, kind: Kind::new("chat") }
}

/// The end of a job in a group.
pub fn member(owner: &str, group: Uuid, index: u32, of: Option<u32>, outcome: Outcome<Value>) -> Ended {
    Ended { outcome, member: Some(Place { group, index, of }), ..ended(&job(owner), 1, Value::Null) }
}

pub fn said(role: Role, content: &str) -> TurnMessage {
    TurnMessage { role, content: content.to_owned(), model: None, citations: None }
}

pub fn turn(conversation: Uuid, contents: &[&str]) -> Keep {
    Keep::Turn(Turn { conversation, messages: contents.iter().map(|content| said(Role::User, content)).collect() })
}

pub async fn contents(store: &Arc<dyn Store>, owner: &str, conversation: Uuid) -> Option<Vec<String>> {
    let history = store.history(&tenant(owner), conversation).await.unwrap();
    history.map(|messages| messages.into_iter().map(|message| message.content).collect())
}

pub fn refusal<T: std::fmt::Debug>(result: Result<T, LedgerError>) -> Failure {
    match result {
        Err(LedgerError::Refused(failure)) => failure,
        other => panic!("not refused: {other:?}"),
    }
}
