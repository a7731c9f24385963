//! The contract of the document store.

use async_trait::async_trait;
use ruche_schemas::ids::document_id;
use ruche_store::{
    Store,
    collections::NewCollection,
    documents::{ChunkCount, DocumentChunk, IndexedDocument},
    entities::{collections, documents, embedding_models},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ConnectionTrait, DbBackend, EntityTrait, Statement,
    sea_query::OnConflict,
};

use super::support::{DatabaseConnection, JobId, Memory, TenantId, Uuid, json, now, opened, tenant};

pub const MODEL: &str = "test-embedder";

pub fn a_document(
    owner: &str,
    collection: &str,
    source: &str,
    chunks: &[&str],
) -> (IndexedDocument, Vec<DocumentChunk>) {
    let document = IndexedDocument {
        id: document_id(&tenant(owner), collection, source),
        collection: collection.into(),
        source: source.into(),
        title: Some("Été".into()),
        url: None,
        language: "french".into(),
        metadata: json!({ "team": "east" }),
        published_at: Some(now()),
        format: "markdown".into(),
        bytes: 5,
        job: JobId::generate(),
        accepted_at: now(),
        updated_at: now(),
    };
    let chunk = |(position, text): (u32, &&str)| DocumentChunk {
        id: 0,
        position,
        path: vec!["A \"b\"".into()],
        text: (*text).to_owned(),
        tokens: 7,
        model: MODEL.into(),
    };
    (document, (0..).zip(chunks).map(chunk).collect())
}

#[async_trait]
pub trait Put {
    async fn put(&self, tenant: &TenantId, document: &IndexedDocument, chunks: &[DocumentChunk]);
}

#[async_trait]
impl Put for Memory {
    async fn put(&self, tenant: &TenantId, document: &IndexedDocument, chunks: &[DocumentChunk]) {
        self.put_indexed(tenant, document.clone(), chunks.to_vec());
    }
}

#[async_trait]
impl Put for DatabaseConnection {
    async fn put(&self, tenant: &TenantId, document: &IndexedDocument, chunks: &[DocumentChunk]) {
        let owner: String = tenant.as_str().into();
        let model = embedding_models::ActiveModel {
            id: NotSet,
            name: Set(MODEL.into()),
            version: Set("1".into()),
            dimensions: Set(2),
            created_at: Set(now()),
        };
        let twice = OnConflict::new().do_nothing().to_owned();
        embedding_models::Entity::insert(model).on_conflict(twice.clone()).exec_without_returning(self).await.unwrap();
        let model = embedding_models::Entity::find().one(self).await.unwrap().unwrap().id;
        let collection = collections::ActiveModel {
            tenant: Set(owner.clone()),
            name: Set(document.collection.clone()),
            description: Set(None),
            language: Set(document.language.clone()),
            model_id: Set(Some(model)),
            next_model_id: Set(None),
            created_at: Set(document.accepted_at),
        };
        collections::Entity::insert(collection).on_conflict(twice).exec_without_returning(self).await.unwrap();
        let row = documents::ActiveModel {
            id: Set(document.id),
            tenant: Set(owner),
            collection: Set(document.collection.clone()),
            source: Set(document.source.clone()),
            title: Set(document.title.clone()),
            url: Set(document.url.clone()),
            language: Set(document.language.clone()),
            metadata: Set(document.metadata.clone()),
            published_at: Set(document.published_at),
            format: Set(document.format.clone()),
            content: Set("12345".into()),
            hash: Set(vec![0; 32]),
            chunk_tokens: Set(None),
            chunk_overlap: Set(None),
            job_id: Set(document.job.0),
            accepted_at: Set(document.accepted_at),
            updated_at: Set(document.updated_at),
            analyzer: Set(0),
        };
        documents::Entity::insert(row).exec_without_returning(self).await.unwrap();
        for chunk in chunks {
            let insert = "INSERT INTO chunks (document_id, model_id, position, tenant, collection, path, text, tokens, hash, \
                search, embedding) VALUES ($1, $2, $3, $4, $5, ARRAY(SELECT jsonb_array_elements_text($6::text::jsonb)), $7, \
                $8, sha256('x'), '', '[1,0]')";
            let values = [
                document.id.into(),
                model.into(),
                i32::try_from(chunk.position).unwrap().into(),
                tenant.as_str().into(),
                document.collection.as_str().into(),
                json!(chunk.path).to_string().into(),
                chunk.text.as_str().into(),
                i32::try_from(chunk.tokens).unwrap().into(),
            ];
            self.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, insert, values)).await.unwrap();
        }
    }
}

async fn holds_the_contract(store: &dyn Store, put: &dyn Put) {
    let (acme, other) = (tenant("acme"), tenant("other"));
    let mut all = Vec::new();
    for (collection, source) in [("a", "1"), ("a", "2"), ("b", "1")] {
        let (document, chunks) = a_document("acme", collection, source, &["One.", "Two.", "Three."]);
        put.put(&acme, &document, &chunks).await;
        all.push(document);
    }
    let list =
        async |collection: Option<&str>, limit, after| store.documents(&acme, collection, limit, after).await.unwrap();
    assert_eq!(list(None, 10, None).await.unwrap(), all);
    assert_eq!(list(None, 2, None).await.unwrap(), all[..2]);
    assert_eq!(list(Some("a"), 10, None).await.unwrap(), all[..2]);
    assert_eq!(list(Some("a"), 10, Some(all[0].id)).await.unwrap(), all[1..2]);
    assert_eq!(list(None, 10, Some(all[1].id)).await.unwrap(), all[2..]);
    assert_eq!(list(None, 10, Some(Uuid::now_v7())).await, None);
    assert_eq!(store.documents(&other, None, 10, None).await.unwrap().unwrap(), []);
    assert_eq!(store.documents(&other, None, 10, Some(all[0].id)).await.unwrap(), None);
    let counts = vec![ChunkCount { model: MODEL.into(), chunks: 3, tokens: 21 }];
    assert_eq!(store.document(&acme, all[0].id).await.unwrap(), Some((all[0].clone(), counts)));
    assert_eq!(store.document(&other, all[0].id).await.unwrap(), None);
    let chunks = store.chunks(&acme, all[0].id, 2, 1).await.unwrap().unwrap();
    let texts: Vec<_> =
        chunks.iter().map(|chunk| (chunk.position, chunk.text.as_str(), chunk.path[0].as_str())).collect();
    assert_eq!(texts, [(1, "Two.", "A \"b\""), (2, "Three.", "A \"b\"")]);
    assert_eq!(store.chunks(&acme, all[0].id, 2, 9).await.unwrap().unwrap(), []);
    assert_eq!(store.chunks(&other, all[0].id, 2, 0).await.unwrap(), None);
    assert!(!store.delete_document(&other, all[0].id, now()).await.unwrap());
    assert!(store.delete_document(&acme, all[0].id, now()).await.unwrap());
    assert!(!store.delete_document(&acme, all[0].id, now()).await.unwrap());
    assert_eq!(list(None, 10, None).await.unwrap(), all[1..]);
    keeps_collections(store, put, &all).await;
}

async fn keeps_collections(store: &dyn Store, put: &dyn Put, all: &[IndexedDocument]) {
    let (acme, other) = (tenant("acme"), tenant("other"));
    let (name, language, at) = ("0-new".to_owned(), "simple".to_owned(), now());
    let new = NewCollection { name, description: Some("D".into()), language, at };
    assert!(store.create_collection(&acme, &new).await.unwrap());
    assert!(!store.create_collection(&acme, &new).await.unwrap());
    let listed = store.collections(&acme, 10, None).await.unwrap();
    let short: Vec<_> = listed.iter().map(|one| (one.name.as_str(), one.documents, one.model.as_deref())).collect();
    assert_eq!(short, [("0-new", 0, None), ("a", 1, Some(MODEL)), ("b", 1, Some(MODEL))]);
    assert_eq!(store.collections(&acme, 1, Some("0-new")).await.unwrap(), listed[1..2]);
    assert_eq!(store.collections(&other, 10, None).await.unwrap(), []);
    assert_eq!(store.collection(&acme, "a").await.unwrap().as_ref(), Some(&listed[1]));
    assert_eq!(store.collection(&other, "a").await.unwrap(), None);
    assert!(store.change_collection(&acme, "0-new", Some(""), Some("french")).await.unwrap());
    assert!(store.change_collection(&acme, "0-new", None, None).await.unwrap());
    assert!(!store.change_collection(&other, "0-new", Some("x"), None).await.unwrap());
    let changed = store.collection(&acme, "0-new").await.unwrap().unwrap();
    assert_eq!((changed.description, changed.language.as_str()), (None, "french"));
    assert!(!store.delete_collection(&other, "a", now()).await.unwrap());
    assert!(store.delete_collection(&acme, "a", now()).await.unwrap());
    assert!(!store.delete_collection(&acme, "a", now()).await.unwrap());
    let left = store.documents(&acme, None, 10, None).await.unwrap().unwrap();
    assert_eq!(left, all[2..]);
    // Documents sent after the deletion survive it.
    let (mut late, chunks) = a_document("acme", "b", "late", &["Late."]);
    let at = now();
    late.accepted_at = at + chrono::Duration::seconds(60);
    put.put(&acme, &late, &chunks).await;
    assert!(store.delete_collection(&acme, "b", at).await.unwrap());
    assert_eq!(store.documents(&acme, None, 10, None).await.unwrap().unwrap(), [late]);
    assert!(store.collection(&acme, "b").await.unwrap().is_some());
}

#[tokio::test]
async fn the_memory_keeps_the_contract() {
    let store = Memory::default();
    holds_the_contract(&store, &store).await;
}

#[tokio::test]
async fn postgres_keeps_the_contract() {
    let (store, db) = opened().await;
    holds_the_contract(&*store, &db).await;
}
