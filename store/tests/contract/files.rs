//! Files stored by jobs, and templates uploaded by tenants.

use bytes::Bytes;
use chrono::Duration;
use ruche_store::{
    files::StoredFile,
    templates::{NewTemplate, TemplateBounds, TemplateVersion, Uploaded},
};

use super::support::*;

async fn put(store: &dyn Store, stored: &StoredFile) {
    let writes = vec![Write::File(stored.file.clone())];
    let ended = Ended { ended_at: stored.created_at, writes, ..ended(&stored.job, 1, Value::Null) };
    assert_eq!(store.commit(&ended).await.unwrap(), Committed::Stored);
}

async fn lists_files(store: &dyn Store) {
    let (acme, other, begun) = (tenant("acme"), tenant("other"), now());
    let mut all = Vec::new();
    for minutes in [3, 2, 2, 1] {
        let job = JobRef { tenant: acme.clone(), id: JobId::generate() };
        let file = file(&job, (minutes == 2).then_some("Été"));
        all.push(StoredFile { job, file, created_at: begun + Duration::minutes(minutes) });
    }
    // Two have the same creation time: their ids decide.
    all.swap(1, 2);
    for document in &all {
        put(store, document).await;
    }
    assert_eq!(store.files(&acme, 10, None).await.unwrap().unwrap(), all);
    assert_eq!(store.files(&acme, 2, None).await.unwrap().unwrap(), all[..2]);
    for (i, document) in all.iter().enumerate() {
        assert_eq!(store.files(&acme, 10, Some(document.job.id)).await.unwrap().unwrap(), all[i + 1..]);
        assert_eq!(store.file(&document.job).await.unwrap().as_ref(), Some(document));
    }
    let theirs = JobRef { tenant: other.clone(), id: all[0].job.id };
    assert_eq!(store.files(&other, 10, None).await.unwrap().unwrap(), []);
    assert_eq!(store.files(&other, 10, Some(theirs.id)).await.unwrap(), None);
    assert_eq!(store.file(&theirs).await.unwrap(), None);
    assert!(!store.forget_file(&theirs).await.unwrap());
    assert!(store.forget_file(&all[0].job).await.unwrap());
    assert!(!store.forget_file(&all[0].job).await.unwrap());
    assert_eq!(store.files(&acme, 10, None).await.unwrap().unwrap(), all[1..]);
}

const BOUNDS: TemplateBounds = TemplateBounds { versions: 3, names: 2, bytes: 100 };

fn package(name: &str, text: &str) -> NewTemplate {
    let blake3 = blake3::hash(text.as_bytes()).to_hex().to_string();
    let (name, package, description) =
        (name.to_owned(), Bytes::copy_from_slice(text.as_bytes()), Some(format!("of {text}")));
    NewTemplate { name, package, blake3, description, at: now() }
}

async fn upload(store: &dyn Store, tenant: &TenantId, name: &str, text: &str) -> Uploaded {
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
    let first = new(upload(store, &acme, "b-report", "one").await);
    assert_eq!((first.version, first.bytes, first.description.as_deref()), (1, 3, Some("of one")));
    assert_eq!(upload(store, &acme, "b-report", "one").await, Uploaded::Same(first.clone()));
    let second = new(upload(store, &acme, "b-report", "two").await);
    // The first package again is a new version, because it follows the second.
    let third = new(upload(store, &acme, "b-report", "one").await);
    assert_eq!((second.version, third.version), (2, 3));
    assert_eq!(upload(store, &acme, "b-report", "four").await, Uploaded::ManyVersions);
    let letter = new(upload(store, &acme, "a_letter", "five").await);
    assert_eq!(upload(store, &acme, "c", "six").await, Uploaded::ManyNames);
    assert_eq!(upload(store, &acme, "a_letter", &"x".repeat(88)).await, Uploaded::ManyBytes(13));
    // Limits are per tenant.
    let theirs = new(upload(store, &other, "b-report", "theirs").await);
    assert_eq!(store.templates(&acme).await.unwrap(), [letter, third.clone()]);
    assert_eq!(store.template_versions(&acme, "b-report").await.unwrap(), [third.clone(), second, first.clone()]);
    assert_eq!(store.template_versions(&acme, "c").await.unwrap(), []);
    let found = store.template_package(&acme, "b-report", Some(1)).await.unwrap();
    assert_eq!(found, Some((first, Bytes::from_static(b"one"))));
    assert_eq!(
        store.template_package(&acme, "b-report", None).await.unwrap(),
        Some((third, Bytes::from_static(b"one")))
    );
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
async fn files_are_listed_the_newest_first_and_forgotten_one_by_one() {
    for store in stores().await {
        lists_files(&*store).await;
    }
}

#[tokio::test]
async fn versions_of_templates_count_up_within_their_bounds() {
    for store in stores().await {
        keeps_templates(&*store).await;
    }
}

#[tokio::test]
async fn uploads_at_the_same_moment_are_versions_one_after_the_other() {
    let (store, _) = opened().await;
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
