//! Migrations of collections between embedding models: missing documents, the switch, and cleanup.

use async_trait::async_trait;
use ruche_store::{
    Store,
    documents::{DocumentChunk, IndexedDocument},
    models::{Chunks, EmbeddingModel},
};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{
    collections::{MODEL, Put, a_document},
    support::{DatabaseConnection, JobId, Memory, opened, tenant},
};

const NEW: &str = "new-embedder";

fn chunk(model: &str) -> DocumentChunk {
    let (text, model) = ("One.".to_owned(), model.to_owned());
    DocumentChunk { id: 0, position: 0, path: Vec::new(), text, tokens: 7, model }
}

/// Embeds a stored document again, as workers do.
#[async_trait]
trait Anew: Put {
    async fn anew(&self, document: &IndexedDocument, model: &EmbeddingModel);
}

#[async_trait]
impl Anew for Memory {
    async fn anew(&self, document: &IndexedDocument, model: &EmbeddingModel) {
        self.add_chunk(document.id, chunk(&model.name));
    }
}

#[async_trait]
impl Anew for DatabaseConnection {
    async fn anew(&self, document: &IndexedDocument, model: &EmbeddingModel) {
        let copy = "INSERT INTO chunks (document_id, model_id, position, tenant, collection, path, text, tokens, hash, search, \
            embedding) SELECT document_id, $2, position, tenant, collection, path, text, tokens, hash, search, embedding \
            FROM chunks WHERE document_id = $1 AND model_id <> $2 AND position = 0";
        let values = [document.id.into(), model.id.into()];
        self.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, copy, values)).await.unwrap();
    }
}

async fn holds_the_contract(store: &dyn Store, fill: &dyn Anew) {
    let (acme, other) = (tenant("acme"), tenant("other"));
    let mut all = Vec::new();
    for (owner, collection, source) in [("acme", "a", "1"), ("acme", "a", "2"), ("acme", "b", "1"), ("other", "a", "1")]
    {
        let (document, chunks) = a_document(owner, collection, source, &["One.", "Two.", "Three."]);
        fill.put(&tenant(owner), &document, &chunks).await;
        all.push(document);
    }
    let new = store.model(NEW, "1", 2).await.unwrap();
    assert_eq!((new.name.as_str(), new.version.as_str(), new.dimensions), (NEW, "1", 2));
    assert_eq!(store.model(NEW, "1", 2).await.unwrap(), new);
    let third = store.model("third", "1", 2).await.unwrap();
    assert_ne!(third.id, new.id);
    let at = async |collection: &str| store.migration(&acme, collection).await.unwrap();
    assert_eq!(at("none").await, None);
    let before = at("a").await.unwrap();
    assert_eq!((before.next, before.documents, before.missing), (None, 2, 0));
    let old = before.searched.unwrap();
    assert_eq!(old.name, MODEL);
    for (owner, name, model, begins) in
        [(&acme, "a", &new, true), (&acme, "a", &new, true), (&acme, "a", &third, false), (&acme, "none", &new, false)]
    {
        assert_eq!(store.begin_migration(owner, name, model.id).await.unwrap(), begins);
    }
    let begun = at("a").await.unwrap();
    assert_eq!((begun.searched, begun.next, begun.missing), (Some(old.clone()), Some(new.clone()), 2));
    assert_eq!(at("b").await.unwrap().next, None);
    assert_eq!(store.migration(&other, "a").await.unwrap().unwrap().next, None);
    let missing = async |after: &str, limit| -> Vec<(String, JobId)> {
        let missing = store.missing(&acme, "a", new.id, after, limit).await.unwrap();
        missing.into_iter().map(|one| (one.source, one.job)).collect()
    };
    let [one, two] = [0, 1].map(|at: usize| (all[at].source.clone(), all[at].job));
    assert_eq!(missing("", 10).await, [one.clone(), two.clone()]);
    assert_eq!((missing("", 1).await, missing("1", 10).await), (vec![one], vec![two.clone()]));
    assert!(!store.switch(&acme, "a", new.id).await.unwrap());
    fill.anew(&all[0], &new).await;
    assert_eq!(missing("", 10).await, [two]);
    assert!(!store.switch(&acme, "a", new.id).await.unwrap());
    fill.anew(&all[1], &new).await;
    assert!(!store.switch(&acme, "a", third.id).await.unwrap(), "it goes elsewhere");
    assert!(!store.switch(&other, "a", new.id).await.unwrap());
    assert!(store.switch(&acme, "a", new.id).await.unwrap());
    assert!(!store.switch(&acme, "a", new.id).await.unwrap());
    let after = at("a").await.unwrap();
    assert_eq!((after.searched.as_ref(), after.next, after.missing), (Some(&new), None, 0));
    let delete = async |which, limit| store.delete_chunks(&acme, "a", which, limit).await.unwrap();
    assert_eq!([delete(Chunks::NotOf(new.id), 4).await, delete(Chunks::NotOf(new.id), 4).await], [4, 2]);
    assert_eq!(delete(Chunks::NotOf(new.id), 4).await, 0);
    let chunks = async |at: usize| -> u64 {
        let owner = if at == 3 { &other } else { &acme };
        let (_, counts) = store.document(owner, all[at].id).await.unwrap().unwrap();
        counts.iter().map(|count| count.chunks).sum()
    };
    assert_eq!([chunks(0).await, chunks(1).await, chunks(2).await, chunks(3).await], [1, 1, 3, 3]);
    can_be_cancelled(store, fill, &all[0]).await;
    assert_eq!(chunks(0).await, 1);
}

async fn can_be_cancelled(store: &dyn Store, fill: &dyn Anew, document: &IndexedDocument) {
    let acme = tenant("acme");
    let (new, third) = (store.model(NEW, "1", 2).await.unwrap(), store.model("third", "1", 2).await.unwrap());
    let next = async || store.migration(&acme, "a").await.unwrap().unwrap().next;
    assert!(store.begin_migration(&acme, "a", third.id).await.unwrap());
    fill.anew(document, &third).await;
    assert_eq!(store.delete_chunks(&acme, "a", Chunks::Of(third.id), 10).await.unwrap(), 1);
    store.end_migration(&acme, "a", new.id).await.unwrap();
    assert!(next().await.is_some(), "it goes to another one");
    store.end_migration(&acme, "a", third.id).await.unwrap();
    assert_eq!(next().await, None);
}

#[tokio::test]
async fn the_memory_holds_the_contract_of_migrations() {
    let store = Memory::default();
    holds_the_contract(&store, &store).await;
}

#[tokio::test]
async fn postgres_holds_the_contract_of_migrations() {
    let (store, fill) = opened().await;
    holds_the_contract(&*store, &fill).await;
}
