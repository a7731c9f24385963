//! The migrations' tables match the entities, and reject what no entity allows.

use ruche_store::entities::{
    api_keys, bots, collections, conversations, documents, embedding_models, job_fences, jobs, messages, renders,
    templates, tenants, usage,
};
use sea_orm::{ActiveModelTrait, ActiveValue::NotSet, EntityTrait, IntoActiveModel};

use super::support::{DatabaseConnection, Uuid, now, opened};

async fn database() -> DatabaseConnection {
    opened().await.1
}

fn a_job() -> jobs::Model {
    jobs::Model {
        id: Uuid::now_v7(),
        tenant: "acme".into(),
        kind: "chat".into(),
        lane: "bulk".into(),
        attempt: 1,
        state: "failed".into(),
        data: Some(serde_json::json!({"code": "x"})),
        created_at: now(),
        ended_at: now(),
        trace_id: None,
        root: None,
        parent: None,
        group_id: None,
        group_index: None,
        children: None,
        claim: Some(serde_json::json!({"key": "acme/x"})),
        objects: true,
    }
}

fn a_conversation() -> conversations::Model {
    let (id, tenant, title) = (Uuid::now_v7(), "acme".to_owned(), "Hi".to_owned());
    conversations::Model { id, tenant, title, created_at: now(), updated_at: now() }
}

fn a_message(conversation: Uuid) -> messages::ActiveModel {
    let (tenant, role, content) = ("acme".to_owned(), "user".to_owned(), "Hi".to_owned());
    let (job, model, created_at) = (Uuid::now_v7(), Some("tiny".to_owned()), now());
    let citations = Some(serde_json::json!([{"n": 1, "quote": "Hi"}]));
    let message = messages::Model { id: 0, conversation, tenant, job, role, content, model, citations, created_at };
    messages::ActiveModel { id: NotSet, ..message.into_active_model().reset_all() }
}

fn a_render(job_id: Uuid) -> renders::Model {
    renders::Model {
        job_id,
        tenant: "acme".into(),
        key: "acme/x/document.y".into(),
        bytes: 5_000_000_000,
        blake3: "0a".repeat(32),
        media_type: "application/pdf".into(),
        pages: 3,
        title: Some("Report".into()),
        template: "report".into(),
        warnings: 1,
        created_at: now(),
    }
}

fn a_bot() -> bots::Model {
    bots::Model {
        tenant: "acme".into(),
        name: "help-2".into(),
        instructions: String::new(),
        model: None,
        temperature: Some(0.25),
        collections: vec!["faq".into(), "shop".into()],
        retrieval: serde_json::json!({"top_k": 3}),
        rewrite: true,
        moderation: "off".into(),
        limits: serde_json::json!({}),
        look: serde_json::json!({}),
        created_at: now(),
        updated_at: now(),
    }
}

fn a_template(version: i32) -> templates::Model {
    templates::Model {
        tenant: "acme".into(),
        name: "letter-2".into(),
        version,
        bytes: 3,
        blake3: "0a".repeat(32),
        package: vec![0, 1, 255],
        description: None,
        created_at: now(),
    }
}

fn a_collection(model_id: Option<i32>) -> collections::Model {
    let (tenant, name, language) = ("acme".to_owned(), "handbook-2".to_owned(), "french".to_owned());
    collections::Model { tenant, name, description: None, language, model_id, next_model_id: None, created_at: now() }
}

fn a_document(source: &str) -> documents::Model {
    documents::Model {
        id: Uuid::now_v7(),
        tenant: "acme".into(),
        collection: "handbook-2".into(),
        source: source.into(),
        title: Some("Bees".into()),
        url: None,
        language: "french".into(),
        metadata: serde_json::json!({"team": "east"}),
        published_at: Some(now()),
        format: "markdown".into(),
        content: "# Bees".into(),
        hash: vec![7; 32],
        chunk_tokens: Some(128),
        chunk_overlap: Some(0),
        job_id: Uuid::now_v7(),
        accepted_at: now(),
        updated_at: now(),
        analyzer: 1,
    }
}

macro_rules! comes_back {
    ($db:expr, $entity:ty, $row:expr) => {
        let row = $row;
        let written = row.clone().into_active_model().insert(&$db).await.unwrap();
        assert_eq!(written, row);
        assert_eq!(<$entity>::find().one(&$db).await.unwrap(), Some(row));
    };
}

#[tokio::test]
async fn every_entity_has_its_table() {
    let db = database().await;
    comes_back!(db, tenants::Entity, tenants::Model { id: "acme".into(), created_at: now() });
    let (id, tenant, name) = ("abc".to_owned(), "acme".to_owned(), "dev".to_owned());
    let (role, hash, revoked_at) = ("member".to_owned(), vec![7; 32], Some(now()));
    let key = api_keys::Model { id, tenant, role, name, hash, created_at: now(), revoked_at };
    comes_back!(db, api_keys::Entity, key);
    let job = a_job();
    comes_back!(db, jobs::Entity, job.clone());
    comes_back!(db, renders::Entity, a_render(job.id));
    comes_back!(db, templates::Entity, a_template(1));
    comes_back!(db, bots::Entity, a_bot());
    let (name, version) = ("e5".to_owned(), "0a".repeat(32));
    let model = embedding_models::Model { id: 0, name, version, dimensions: 384, created_at: now() };
    let model = embedding_models::ActiveModel { id: NotSet, ..model.into_active_model().reset_all() };
    let model = model.insert(&db).await.unwrap();
    comes_back!(db, collections::Entity, a_collection(Some(model.id)));
    comes_back!(db, documents::Entity, a_document("bees.md"));
    let fence = job_fences::Model { job: Uuid::now_v7(), tenant: "acme".into(), attempt: 2, at: now() };
    comes_back!(db, job_fences::Entity, fence);
    let conversation = a_conversation();
    comes_back!(db, conversations::Entity, conversation.clone());
    let first = a_message(conversation.id).insert(&db).await.unwrap();
    let second = a_message(conversation.id).insert(&db).await.unwrap();
    assert!(second.id > first.id);
    assert_eq!(messages::Entity::find_by_id(first.id).one(&db).await.unwrap(), Some(first));
    let (job, kind, model) = (Uuid::now_v7(), "chat".to_owned(), "tiny".to_owned());
    let tenant = "acme".to_owned();
    comes_back!(
        db,
        usage::Entity,
        usage::Model { job, tenant, kind, model, prompt_tokens: 1, completion_tokens: 0, at: now() }
    );
    conversations::Entity::delete_by_id(conversation.id).exec(&db).await.unwrap();
    assert_eq!(messages::Entity::find().one(&db).await.unwrap(), None);
}

#[tokio::test]
async fn what_no_program_writes_is_kept_out() {
    let db = database().await;
    for wrong in [
        jobs::Model { state: "running".into(), ..a_job() },
        jobs::Model { lane: "fast".into(), ..a_job() },
        jobs::Model { attempt: 0, ..a_job() },
        jobs::Model { tenant: String::new(), ..a_job() },
    ] {
        let error = wrong.into_active_model().insert(&db).await.unwrap_err().to_string();
        assert!(error.contains("violates check constraint"), "{error}");
    }
    let job = a_job().into_active_model().insert(&db).await.unwrap().id;
    for wrong in [
        renders::Model { blake3: "0A".repeat(32), ..a_render(job) },
        renders::Model { pages: -1, ..a_render(job) },
        renders::Model { bytes: -1, ..a_render(job) },
    ] {
        let error = wrong.into_active_model().insert(&db).await.unwrap_err().to_string();
        assert!(error.contains("violates check constraint"), "{error}");
    }
    for wrong in [
        bots::Model { name: "-help".into(), ..a_bot() },
        bots::Model { tenant: String::new(), ..a_bot() },
        bots::Model { moderation: String::new(), ..a_bot() },
        bots::Model { limits: serde_json::json!([]), ..a_bot() },
    ] {
        let error = wrong.into_active_model().insert(&db).await.unwrap_err().to_string();
        assert!(error.contains("violates check constraint"), "{error}");
    }
    for wrong in [
        a_template(0),
        templates::Model { name: "../x".into(), ..a_template(1) },
        templates::Model { bytes: 4, ..a_template(1) },
        templates::Model { bytes: 0, package: Vec::new(), ..a_template(1) },
        templates::Model { bytes: (8 << 20) + 1, package: vec![0; (8 << 20) + 1], ..a_template(1) },
    ] {
        let error = wrong.into_active_model().insert(&db).await.unwrap_err().to_string();
        assert!(error.contains("violates check constraint"), "{error}");
    }
    a_collection(None).into_active_model().insert(&db).await.unwrap();
    for wrong in [
        documents::Model { source: String::new(), ..a_document("x") },
        documents::Model { hash: vec![7; 31], ..a_document("x") },
        documents::Model { metadata: serde_json::json!([]), ..a_document("x") },
        documents::Model { chunk_tokens: Some(0), ..a_document("x") },
        documents::Model { chunk_overlap: Some(-1), ..a_document("x") },
    ] {
        let error = wrong.into_active_model().insert(&db).await.unwrap_err().to_string();
        assert!(error.contains("violates check constraint"), "{error}");
    }
    let orphan = a_message(Uuid::now_v7()).insert(&db).await.unwrap_err().to_string();
    assert!(orphan.contains("violates foreign key constraint"), "{orphan}");
    let conversation = a_conversation().into_active_model().insert(&db).await.unwrap();
    let role = sea_orm::ActiveValue::Set("boss".to_owned());
    let boss = messages::ActiveModel { role, ..a_message(conversation.id) }.insert(&db).await.unwrap_err().to_string();
    assert!(boss.contains("messages_role_check"), "{boss}");
}

#[tokio::test]
async fn a_document_is_listed_as_long_as_its_job_is() {
    let db = database().await;
    let stray = a_render(Uuid::now_v7()).into_active_model().insert(&db).await.unwrap_err().to_string();
    assert!(stray.contains("violates foreign key constraint"), "{stray}");
    let job = a_job().into_active_model().insert(&db).await.unwrap().id;
    a_render(job).into_active_model().insert(&db).await.unwrap();
    jobs::Entity::delete_by_id(job).exec(&db).await.unwrap();
    assert_eq!(renders::Entity::find().one(&db).await.unwrap(), None);
}

#[tokio::test]
async fn a_version_of_a_template_is_written_once() {
    let db = database().await;
    for version in [1, 2] {
        a_template(version).into_active_model().insert(&db).await.unwrap();
    }
    let again = a_template(2).into_active_model().insert(&db).await.unwrap_err().to_string();
    assert!(again.contains("templates_pkey"), "{again}");
    let other = templates::Model { tenant: "other".into(), ..a_template(2) };
    other.into_active_model().insert(&db).await.unwrap();
}
