//! The contract of a store's documents and templates, held by the one in memory and the one on Postgres.

use async_trait::async_trait;
use chrono::Duration;
use ruche_gateway::{
    adapters::memory::Memory,
    ports::{NewTemplate, Store, StoredDocument, TemplateBounds, TemplateVersion, Uploaded},
};
use ruche_schemas::{Claim, EventType, JobId, JobRef, TenantId, claim::Part};
use ruche_store::entities::renders;
use sea_orm::{ActiveValue::Set, DatabaseConnection, EntityTrait};

use crate::{
    store::{Fill, a_job, now, on_postgres},
    support::tenant,
};

/// Puts documents into a store, as workers do.
#[async_trait]
trait Put {
    async fn put(&self, document: &StoredDocument);
}

#[async_trait]
impl Put for Memory {
    async fn put(&self, document: &StoredDocument) {
        self.put_document(document.clone());
    }
}

#[async_trait]
impl Put for DatabaseConnection {
    async fn put(&self, document: &StoredDocument) {
        let mut job = a_job(&document.job.tenant, EventType::Done, None);
        job.job.clone_from(&document.job);
        self.job(&job).await;
        let row = renders::ActiveModel {
            job_id: Set(document.job.id.0),
            tenant: Set(document.job.tenant.as_str().into()),
            key: Set(document.claim.key.clone()),
            bytes: Set(i64::try_from(document.claim.bytes).unwrap()),
            blake3: Set(document.claim.blake3.clone()),
            media_type: Set(document.media_type.clone()),
            pages: Set(i32::try_from(document.pages).unwrap()),
            title: Set(document.title.clone()),
            template: Set(document.template.clone()),
            warnings: Set(i32::try_from(document.warnings).unwrap()),
            created_at: Set(document.created_at),
        };
        renders::Entity::insert(row).exec_without_returning(self).await.unwrap();
    }
}

async fn tells_documents(store: &dyn Store, put: &dyn Put) {
    let (acme, other, begun) = (tenant("acme"), tenant("other"), now());
    let mut all = Vec::new();
    for minutes in [3, 2, 2, 1] {
        let job = JobRef { tenant: acme.clone(), id: JobId::generate() };
        all.push(StoredDocument {
            claim: Claim::of(&job, Part::Document, b"%PDF"),
            job,
            media_type: "application/pdf".into(),
            pages: 7,
            title: (minutes == 2).then(|| "Été".to_owned()),
            template: "report".into(),
            warnings: 2,
            created_at: begun + Duration::minutes(minutes),
        });
    }
    // Two were made at the same time: their ids decide.
    all.swap(1, 2);
    for document in &all {
        put.put(document).await;
    }
    assert_eq!(store.documents(&acme, 10, None).await.unwrap().unwrap(), all);
    assert_eq!(store.documents(&acme, 2, None).await.unwrap().unwrap(), all[..2]);
    for (i, document) in all.iter().enumerate() {
        assert_eq!(store.documents(&acme, 10, Some(document.job.id)).await.unwrap().unwrap(), all[i + 1..]);
        assert_eq!(store.document(&document.job).await.unwrap().as_ref(), Some(document));
    }
    let theirs = JobRef { tenant: other.clone(), id: all[0].job.id };
    assert_eq!(store.documents(&other, 10, None).await.unwrap().unwrap(), []);
    assert_eq!(store.documents(&other, 10, Some(theirs.id)).await.unwrap(), None);
    assert_eq!(store.document(&theirs).await.unwrap(), None);
    assert!(!store.forget_document(&theirs).await.unwrap());
    assert!(store.forget_document(&all[0].job).await.unwrap());
    assert!(!store.forget_document(&all[0].job).await.unwrap());
    assert_eq!(store.documents(&acme, 10, None).await.unwrap().unwrap(), all[1..]);
}

const BOUNDS: TemplateBounds = TemplateBounds { versions: 3, names: 2, bytes: 100 };

fn package(name: &str, text: &str) -> NewTemplate {
    let blake3 = blake3::hash(text.as_bytes()).to_hex().to_string();
    let (name, package, description) = (name.to_owned(), text.as_bytes().to_vec(), Some(format!("of {text}")));
    NewTemplate { name, package, blake3, description, at: now() }
}

async fn put(store: &dyn Store, tenant: &TenantId, name: &str, text: &str) -> Uploaded {
    store.put_template(tenant, package(name, text), BOUNDS).await.unwrap()
}

fn new(uploaded: Uploaded) -> TemplateVersion {
    match uploaded {
        Uploaded::New(version) => version,
        other => panic!("{other:?}"),
    }
}

async fn keeps_templates(store: &dyn Store) {
    let (acme, other) = (tenant("acme"), tenant("other"));
    let first = new(put(store, &acme, "b-report", "one").await);
    assert_eq!((first.version, first.bytes, first.description.as_deref()), (1, 3, Some("of one")));
    assert_eq!(put(store, &acme, "b-report", "one").await, Uploaded::Same(first.clone()));
    let second = new(put(store, &acme, "b-report", "two").await);
    // The first package again is another version: it comes after the second.
    let third = new(put(store, &acme, "b-report", "one").await);
    assert_eq!((second.version, third.version), (2, 3));
    assert_eq!(put(store, &acme, "b-report", "four").await, Uploaded::ManyVersions);
    let letter = new(put(store, &acme, "a_letter", "five").await);
    assert_eq!(put(store, &acme, "c", "six").await, Uploaded::ManyNames);
    assert_eq!(put(store, &acme, "a_letter", &"x".repeat(88)).await, Uploaded::ManyBytes(13));
    // Another tenant's bounds are its own.
    let theirs = new(put(store, &other, "b-report", "theirs").await);
    assert_eq!(store.templates(&acme).await.unwrap(), [letter, third.clone()]);
    assert_eq!(store.template_versions(&acme, "b-report").await.unwrap(), [third.clone(), second, first.clone()]);
    assert_eq!(store.template_versions(&acme, "c").await.unwrap(), []);
    let found = store.template_package(&acme, "b-report", Some(1)).await.unwrap();
    assert_eq!(found, Some((first, b"one".to_vec())));
    assert_eq!(store.template_package(&acme, "b-report", None).await.unwrap(), Some((third, b"one".to_vec())));
    for version in [0, 4, u32::MAX] {
        assert_eq!(store.template_package(&acme, "b-report", Some(version)).await.unwrap(), None);
        assert_eq!(store.delete_template(&acme, "b-report", Some(version)).await.unwrap(), 0);
    }
    assert_eq!(store.delete_template(&acme, "b-report", Some(2)).await.unwrap(), 1);
    assert_eq!(store.delete_template(&acme, "b-report", None).await.unwrap(), 2);
    assert_eq!(store.delete_template(&acme, "b-report", None).await.unwrap(), 0);
    assert_eq!(store.templates(&acme).await.unwrap().len(), 1);
    assert_eq!(store.templates(&other).await.unwrap(), [theirs]);
}

#[tokio::test]
async fn documents_and_templates_in_memory_hold_the_contract() {
    let store = Memory::default();
    tells_documents(&store, &store).await;
    keeps_templates(&store).await;
}

#[tokio::test]
async fn documents_and_templates_on_postgres_hold_the_contract() {
    let (store, fill) = on_postgres().await;
    tells_documents(&*store, &fill).await;
    keeps_templates(&*store).await;
}

#[tokio::test]
async fn uploads_at_the_same_moment_are_versions_one_after_the_other() {
    let (store, _) = on_postgres().await;
    let acme = tenant("acme");
    let bounds = TemplateBounds { versions: 8, ..BOUNDS };
    let uploads = (0..10).map(|i| {
        let (store, acme) = (store.clone(), acme.clone());
        async move {
            let store: &dyn Store = &*store;
            store.put_template(&acme, package("t", &i.to_string()), bounds).await.unwrap()
        }
    });
    let mut versions: Vec<u32> = Vec::new();
    let mut refused = 0;
    for uploaded in futures::future::join_all(uploads).await {
        match uploaded {
            Uploaded::New(version) => versions.push(version.version),
            Uploaded::ManyVersions => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    versions.sort_unstable();
    assert_eq!((versions, refused), ((1..=8).collect(), 2));
}
