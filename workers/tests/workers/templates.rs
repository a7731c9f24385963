//! What a render worker relies on: one contract, for the templates in memory and those in Postgres.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::sync::Arc;

use chrono::Utc;
use ruche_schemas::{
    TenantId,
    config::{self, Secret},
};
use ruche_services::testing;
use ruche_store::entities::templates;
use ruche_workers::{
    adapters::{memory_templates::MemoryTemplates, postgres::Postgres},
    ports::templates::{Package, Templates},
};
use sea_orm::{ActiveModelTrait, ConnectOptions, Database, DatabaseConnection, IntoActiveModel};

fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

/// Where versions are written, of each adapter.
enum Shelf {
    Memory(Arc<MemoryTemplates>),
    Postgres(DatabaseConnection),
}

impl Shelf {
    /// Adds this version, which is the next one.
    async fn add(&self, owner: &str, name: &str, version: i32, bytes: &[u8]) {
        let blake3 = hash(version);
        let db = match self {
            Self::Memory(memory) => return memory.add(&tenant(owner), name, &blake3, bytes.to_vec().into()),
            Self::Postgres(db) => db,
        };
        let row = templates::Model {
            tenant: owner.to_owned(),
            name: name.to_owned(),
            version,
            bytes: bytes.len().try_into().unwrap(),
            blake3,
            package: bytes.to_vec(),
            description: None,
            created_at: Utc::now(),
        };
        row.into_active_model().insert(db).await.unwrap();
    }
}

fn hash(version: i32) -> String {
    format!("{version:064x}")
}

fn package(version: u32, bytes: &[u8]) -> Package {
    Package { version, blake3: hash(version.try_into().unwrap()), bytes: bytes.to_vec().into() }
}

async fn stores() -> [(Arc<dyn Templates>, Shelf); 2] {
    let (url, schema) = (testing::shared_postgres().await, testing::unique("templates"));
    ruche_migrations::up(&url, &schema).await.unwrap();
    let mut options = ConnectOptions::new(url.clone());
    options.set_schema_search_path(schema.clone()).max_connections(1).sqlx_logging(false);
    let db = Box::pin(Database::connect(options)).await.unwrap();
    let postgres = Postgres::connect(&config::Postgres { url: Secret(url), schema, connections: 2 }).unwrap();
    let memory = Arc::new(MemoryTemplates::new());
    [(memory.clone(), Shelf::Memory(memory)), (Arc::new(postgres), Shelf::Postgres(db))]
}

#[tokio::test]
async fn a_name_is_its_newest_version_and_a_version_is_itself() {
    for (store, shelf) in stores().await {
        let acme = tenant("acme");
        assert_eq!(store.package(&acme, "letter", None).await.unwrap(), None);
        // Not in the order of their texts: 10 comes after 9.
        let versions: Vec<[u8; 3]> = (1..=10).map(|version| [0, 255, version]).collect();
        for (version, bytes) in (1..).zip(&versions) {
            shelf.add("acme", "letter", version, bytes).await;
        }
        shelf.add("acme", "letter-2", 1, b"another").await;
        assert_eq!(store.package(&acme, "letter", None).await.unwrap(), Some(package(10, &versions[9])));
        assert_eq!(store.package(&acme, "letter", Some(2)).await.unwrap(), Some(package(2, &versions[1])));
        for unknown in [0, 11, u32::MAX] {
            assert_eq!(store.package(&acme, "letter", Some(unknown)).await.unwrap(), None);
        }
    }
}

#[tokio::test]
async fn another_tenants_template_is_as_unknown_as_one_that_never_was() {
    for (store, shelf) in stores().await {
        shelf.add("acme", "letter", 1, b"secret").await;
        shelf.add("other", "letter", 1, b"theirs").await;
        assert_eq!(store.package(&tenant("other"), "letter", None).await.unwrap(), Some(package(1, b"theirs")));
        assert_eq!(store.package(&tenant("third"), "letter", None).await.unwrap(), None);
        for odd in ["", "letter\0", "LETTER", "../letter", "%"] {
            assert_eq!(store.package(&tenant("acme"), odd, None).await.unwrap(), None, "{odd:?}");
        }
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_said_to_be() {
    let url = "postgres://ruche@127.0.0.1:1/ruche".to_owned();
    let settings = config::Postgres { url: Secret(url), schema: "public".to_owned(), connections: 1 };
    let error = Postgres::connect(&settings).unwrap().package(&tenant("acme"), "letter", None).await.unwrap_err();
    assert!(error.to_string().starts_with("the templates can't be read now: "), "{error}");
}
