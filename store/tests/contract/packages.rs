//! Packages as render workers read them: the newest version of a template, or a given one, of its tenant only.

use bytes::Bytes;
use ruche_store::templates::{NewTemplate, TemplateBounds, Uploaded};

use super::support::*;

const BOUNDS: TemplateBounds = TemplateBounds { versions: 100, names: 100, bytes: 1 << 20 };

/// `version` must be the next one.
async fn add(store: &dyn Store, owner: &str, name: &str, version: u32, bytes: &[u8]) {
    let (name, package) = (name.to_owned(), Bytes::copy_from_slice(bytes));
    let new = NewTemplate { name, package, blake3: hash(version), description: None, at: now() };
    match store.put_template(&tenant(owner), new, BOUNDS).await.unwrap() {
        Uploaded::New(added) => assert_eq!(added.version, version),
        other => panic!("{other:?}"),
    }
}

fn hash(version: u32) -> String {
    format!("{version:064x}")
}

type Package = (u32, String, Bytes);

fn package(version: u32, bytes: &[u8]) -> Package {
    (version, hash(version), Bytes::copy_from_slice(bytes))
}

async fn package_of(store: &dyn Store, owner: &TenantId, name: &str, version: Option<u32>) -> Option<Package> {
    let found = store.template_package(owner, name, version).await.unwrap();
    found.map(|(version, package)| (version.version, version.blake3, package))
}

#[tokio::test]
async fn a_name_is_its_newest_version_and_a_version_is_itself() {
    for store in stores().await {
        let acme = tenant("acme");
        assert_eq!(package_of(&*store, &acme, "letter", None).await, None);
        // Not in alphabetical order: 10 comes after 9.
        let versions: Vec<[u8; 3]> = (1..=10).map(|version| [0, 255, version]).collect();
        for (version, bytes) in (1..).zip(&versions) {
            add(&*store, "acme", "letter", version, bytes).await;
        }
        add(&*store, "acme", "letter-2", 1, b"another").await;
        assert_eq!(package_of(&*store, &acme, "letter", None).await, Some(package(10, &versions[9])));
        assert_eq!(package_of(&*store, &acme, "letter", Some(2)).await, Some(package(2, &versions[1])));
        for unknown in [0, 11, u32::MAX] {
            assert_eq!(package_of(&*store, &acme, "letter", Some(unknown)).await, None);
        }
    }
}

#[tokio::test]
async fn another_tenants_template_is_as_unknown_as_one_that_never_was() {
    for store in stores().await {
        add(&*store, "acme", "letter", 1, b"secret").await;
        add(&*store, "other", "letter", 1, b"theirs").await;
        assert_eq!(package_of(&*store, &tenant("other"), "letter", None).await, Some(package(1, b"theirs")));
        assert_eq!(package_of(&*store, &tenant("third"), "letter", None).await, None);
        for odd in ["", "letter\0", "LETTER", "../letter", "%"] {
            assert_eq!(package_of(&*store, &tenant("acme"), odd, None).await, None, "{odd:?}");
        }
    }
}
