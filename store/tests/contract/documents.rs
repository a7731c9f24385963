//! Searchable documents: written with their job or not at all; the version accepted last wins.

use chrono::TimeDelta;
use ruche_schemas::clock;
use ruche_schemas::ids::{collection_id, document_id};
use ruche_store::{
    documents::{Chunk, DocumentKey, DocumentMeta, Indexing, Status},
    models::{CollectionModels, ModelVersion},
};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::support::*;

fn model(name: &str) -> ModelVersion {
    ModelVersion { name: name.to_owned(), version: "1".to_owned(), dimensions: 3 }
}

fn chunk(text: &str) -> Chunk {
    Chunk {
        path: vec!["Über \"Bees\"".to_owned(), "a\\b\t".to_owned()],
        text: text.to_owned(),
        tokens: 7,
        hash: *blake3_of(text),
        vector: vec![0.6, 0.8, -0.0],
    }
}

fn blake3_of(text: &str) -> Box<[u8; 32]> {
    let mut hash = [0; 32];
    hash.iter_mut().zip(text.bytes().cycle()).for_each(|(to, byte)| *to = byte);
    hash[31] = u8::try_from(text.len() % 251).unwrap();
    Box::new(hash)
}

fn document(owner: &str, collection: &str, source: &str, texts: &[&str]) -> Indexing {
    let meta = DocumentMeta {
        collection: collection.to_owned(),
        source: source.to_owned(),
        title: Some("Bees".to_owned()),
        language: "english".to_owned(),
        metadata: [("team".to_owned(), json!("east"))].into_iter().collect(),
        published_at: Some(clock::now().trunc_subsecs(6)),
        format: "markdown".to_owned(),
        content: texts.join("\n\n"),
        chunk_tokens: Some(128),
        ..DocumentMeta::default()
    };
    let hash = *blake3_of(&meta.content);
    let chunks = texts.iter().map(|text| chunk(text)).collect();
    let document = document_id(&tenant(owner), collection, source);
    Indexing { document, meta, hash, again: false, model: model("m"), chunks }
}

fn ending(owner: &str, indexing: &Indexing, at: DateTime<Utc>) -> Ended {
    let usage = Usage { model: indexing.model.name.clone(), prompt_tokens: 3, completion_tokens: 0 };
    let writes = vec![Write::Usage(usage), Write::Indexed(Arc::new(indexing.clone()))];
    Ended { writes, created_at: at, ..ended(&job(owner), 1, json!("done")) }
}

async fn write(store: &Arc<impl Store + ?Sized>, owner: &str, indexing: &Indexing, at: DateTime<Utc>) {
    assert_eq!(store.commit(&ending(owner, indexing, at)).await.unwrap(), Committed::Stored);
}

async fn status(store: &Arc<impl Store + ?Sized>, owner: &str, indexing: &Indexing) -> Status {
    let (tenant, collection) = (tenant(owner), indexing.meta.collection.clone());
    store.status(&DocumentKey { tenant, collection, document: indexing.document }, &indexing.model).await.unwrap()
}

#[tokio::test]
async fn a_document_is_there_with_its_job_and_read_as_it_was_written() {
    for store in stores().await {
        let bees = document("acme", "handbook", "bees.md", &["One.", "Two\ttabs\\and\nlines."]);
        assert_eq!(status(&store, "acme", &bees).await, Status::default());
        let (at, ended) = (clock::now(), ending("acme", &bees, clock::now()));
        assert_eq!(store.commit(&ended).await.unwrap(), Committed::Stored);
        assert!(matches!(store.commit(&ended).await.unwrap(), Committed::Already(_)));
        let found = status(&store, "acme", &bees).await;
        assert_eq!((found.chunks, found.language.as_deref()), (2, Some("auto")));
        assert!(
            found.written.is_some_and(|(when, by)| by == ended.job.id && (when - at).abs() < TimeDelta::seconds(1))
        );
        let vectors: Vec<_> = bees.chunks.iter().map(|chunk| found.vectors.get(&chunk.hash).cloned()).collect();
        assert_eq!(vectors, vec![Some(vec![0.6, 0.8, 0.0]); 2]);
        let stored = store.stored(&tenant("acme"), bees.document).await.unwrap().unwrap();
        assert_eq!((stored.meta, stored.hash), (bees.meta.clone(), bees.hash));
        assert_eq!(store.stored(&tenant("other"), bees.document).await.unwrap(), None);
    }
}

#[tokio::test]
async fn what_was_accepted_last_stays_whoever_commits_first() {
    for store in stores().await {
        let (old, new) = (document("acme", "c", "s", &["Old."]), document("acme", "c", "s", &["New.", "More."]));
        let now = clock::now();
        write(&store, "acme", &new, now).await;
        write(&store, "acme", &old, now - TimeDelta::seconds(1)).await;
        assert_eq!(status(&store, "acme", &new).await.chunks, 2);
        assert_eq!(store.stored(&tenant("acme"), new.document).await.unwrap().unwrap().meta, new.meta);
        write(&store, "acme", &old, now + TimeDelta::seconds(1)).await;
        assert_eq!(status(&store, "acme", &new).await.chunks, 1);
        // Another tenant's document with the same names is a different one.
        write(&store, "other", &document("other", "c", "s", &["Theirs.", "a", "b"]), now).await;
        assert_eq!(status(&store, "acme", &old).await.chunks, 1);
    }
}

#[tokio::test]
async fn a_document_of_a_fenced_attempt_is_not_written() {
    for store in stores().await {
        let bees = document("acme", "c", "s", &["One."]);
        let late = ending("acme", &bees, clock::now());
        store.fence(&late.job, 2).await.unwrap();
        assert_eq!(store.commit(&late).await.unwrap(), Committed::Fenced);
        assert_eq!(status(&store, "acme", &bees).await, Status::default());
        assert_eq!(store.commit(&Ended { attempt: 2, ..late }).await.unwrap(), Committed::Stored);
        assert_eq!(status(&store, "acme", &bees).await.chunks, 1);
    }
}

#[tokio::test]
async fn a_document_is_counted_in_its_group() {
    for store in stores().await {
        let (bees, group) = (document("acme", "c", "s", &["One."]), Uuid::now_v7());
        let member = Some(Member { group, index: 0, of: Some(1) });
        store.commit(&Ended { member, ..ending("acme", &bees, clock::now()) }).await.unwrap();
        let group = store.group(&tenant("acme"), group).await.unwrap().unwrap();
        assert!(group.is_complete() && group.done == 1);
    }
}

#[tokio::test]
async fn one_that_is_only_embedded_again_needs_the_same_text() {
    for store in stores().await {
        let bees = document("acme", "c", "s", &["One."]);
        let other = Indexing { again: true, model: model("other"), ..bees.clone() };
        write(&store, "acme", &other, clock::now()).await;
        assert_eq!(status(&store, "acme", &bees).await, Status::default(), "there is none");
        write(&store, "acme", &bees, clock::now()).await;
        let changed = Indexing { hash: [0; 32], ..other.clone() };
        write(&store, "acme", &changed, clock::now()).await;
        assert_eq!(status(&store, "acme", &other).await.chunks, 0);
        write(&store, "acme", &other, clock::now() - TimeDelta::hours(1)).await;
        assert_eq!(status(&store, "acme", &other).await.chunks, 1);
    }
}

async fn rows(db: &DatabaseConnection, sql: &str) -> Vec<(i64, i64, String)> {
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_many("", &["a".into(), "b".into(), "c".into()]).unwrap()).collect()
}

const ROWS: &str = "SELECT id AS a, position::bigint AS b, text AS c FROM chunks ORDER BY model_id, position";

#[tokio::test]
async fn rows_of_unchanged_chunks_stay_and_only_move() {
    let (store, db) = opened().await;
    let now = clock::now();
    write(&store, "acme", &document("acme", "c", "s", &["A", "B", "C", "B"]), now).await;
    let before = rows(&db, ROWS).await;
    write(&store, "acme", &document("acme", "c", "s", &["B", "A", "D", "B"]), now + TimeDelta::seconds(1)).await;
    let after = rows(&db, ROWS).await;
    let texts: Vec<_> = after.iter().map(|(_, _, text)| text.as_str()).collect();
    assert_eq!(texts, ["B", "A", "D", "B"]);
    let id = |rows: &[(i64, i64, String)], at: usize| rows[at].0;
    assert_eq!((id(&after, 1), id(&after, 3)), (id(&before, 0), id(&before, 3)), "A moved, the last B stayed");
    assert_eq!(id(&after, 0), id(&before, 1));
    assert!(!before.iter().any(|(old, ..)| *old == id(&after, 2)), "D is new");
}

#[tokio::test]
async fn a_changed_text_takes_the_chunks_of_other_models_with_it() {
    let (store, db) = opened().await;
    let (bees, now) = (document("acme", "c", "s", &["A"]), clock::now());
    write(&store, "acme", &bees, now).await;
    write(&store, "acme", &Indexing { again: true, model: model("n"), ..bees.clone() }, now).await;
    assert_eq!(rows(&db, ROWS).await.len(), 2, "both models live");
    // While the collection uses the first model, a document of the other would not be found: its job must be retried.
    let changed = Indexing { model: model("n"), ..document("acme", "c", "s", &["A", "B"]) };
    let late = ending("acme", &changed, now + TimeDelta::seconds(1));
    assert_eq!(store.commit(&late).await.unwrap(), Committed::Fenced);
    assert_eq!((rows(&db, ROWS).await.len(), store.ended(&late.job).await.unwrap()), (2, None));
    search_with(&db, "n").await;
    assert_eq!(store.commit(&late).await.unwrap(), Committed::Stored);
    let texts: Vec<_> = rows(&db, ROWS).await.into_iter().map(|(_, _, text)| text).collect();
    assert_eq!(texts, ["A", "B"]);
    // The collection has no chunks of the first model any more, so it takes the other with the next document.
    search_with(&db, "m").await;
    write(&store, "acme", &Indexing { model: model("n"), ..document("acme", "c", "t", &["C"]) }, now).await;
    let model = "SELECT 0::bigint AS a, 0::bigint AS b, m.name AS c FROM collections o JOIN embedding_models m ON m.id = o.model_id";
    assert_eq!(rows(&db, model).await, [(0, 0, "n".to_owned())]);
}

/// Switches all collections to a model, as a gateway does.
async fn search_with(db: &DatabaseConnection, model: &str) {
    let switch = "UPDATE collections SET model_id = (SELECT id FROM embedding_models WHERE name = $1)";
    db.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, switch, [model.into()])).await.unwrap();
}

#[tokio::test]
async fn the_models_of_a_collection_are_told() {
    let (store, db) = opened().await;
    let (acme, bees) = (tenant("acme"), document("acme", "c", "s", &["A"]));
    assert_eq!(store.models_of(&acme, "c").await.unwrap(), CollectionModels::default());
    write(&store, "acme", &bees, clock::now()).await;
    let searched = CollectionModels { searched: Some(model("m")), has_chunks: true, next: None };
    assert_eq!(store.models_of(&acme, "c").await.unwrap(), searched);
    assert_eq!(store.models_of(&tenant("other"), "c").await.unwrap(), CollectionModels::default());
    write(&store, "acme", &Indexing { again: true, model: model("n"), ..bees }, clock::now()).await;
    let begin = "UPDATE collections SET next_model_id = (SELECT id FROM embedding_models WHERE name = 'n')";
    db.execute_unprepared(begin).await.unwrap();
    let next = Some(model("n"));
    assert_eq!(store.models_of(&acme, "c").await.unwrap(), CollectionModels { next: next.clone(), ..searched.clone() });
    db.execute_unprepared("DELETE FROM chunks WHERE model_id <> (SELECT max(id) FROM embedding_models)").await.unwrap();
    assert_eq!(store.models_of(&acme, "c").await.unwrap(), CollectionModels { has_chunks: false, next, ..searched });
}

#[tokio::test]
async fn a_document_by_both_models_is_there_in_one_go() {
    for store in stores().await {
        let bees = document("acme", "c", "s", &["A", "B"]);
        let next = Indexing { again: true, model: model("n"), ..bees.clone() };
        let writes = [&bees, &next].map(|indexing| Write::Indexed(Arc::new(indexing.clone())));
        let ended = Ended { writes: writes.into(), ..ending("acme", &bees, clock::now()) };
        assert_eq!(store.commit(&ended).await.unwrap(), Committed::Stored);
        for indexing in [&bees, &next] {
            assert_eq!(status(&store, "acme", indexing).await.chunks, 2);
        }
    }
}

#[tokio::test]
async fn words_are_searched_in_the_documents_language_and_headings_weigh_more() {
    let (store, db) = opened().await;
    let mut bees = document("acme", "c", "s", &["They were flying home."]);
    bees.chunks[0].path = vec!["The hives".to_owned()];
    write(&store, "acme", &bees, clock::now()).await;
    let search = "SELECT 0::bigint AS a, 0::bigint AS b, search::text AS c FROM chunks";
    let found = rows(&db, search).await.remove(0).2;
    assert_eq!(
        found, "'bee':1A 'fli':20B 'hive':10A 'home':21B 'the':9A 'they':18B 'were':19B",
        "title, headings, text"
    );
    bees.meta.language = "simple".to_owned();
    write(&store, "acme", &bees, clock::now()).await;
    let found = rows(&db, search).await.remove(0).2;
    assert!(found.contains("'bees':1A") && found.contains("'hives':10A") && found.contains("'flying':20B"), "{found}");
    bees.meta.title = Some("Wasps".to_owned());
    write(&store, "acme", &bees, clock::now()).await;
    let found = rows(&db, search).await.remove(0).2;
    assert!(found.contains("'wasps':1A") && !found.contains("'bees'"), "{found}");
}

#[tokio::test]
async fn many_chunks_go_by_copy_and_are_the_same_as_few() {
    let (store, db) = opened().await;
    let texts: Vec<String> = (0..2_500).map(|n| format!("Chunk {n}\twith\\odd\r\nletters \u{1F41D}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let (many, now) = (document("acme", "c", "many", &texts), clock::now());
    let hashed = |mut indexing: Indexing| {
        for (number, chunk) in indexing.chunks.iter_mut().enumerate() {
            chunk.hash = [0; 32];
            chunk.hash[..8].copy_from_slice(&(number as u64).to_le_bytes());
        }
        indexing
    };
    write(&store, "acme", &hashed(many.clone()), now).await;
    let found = rows(&db, ROWS).await;
    assert_eq!(found.iter().map(|(_, _, text)| text.as_str()).collect::<Vec<_>>(), texts);
    let paths = "SELECT count(*) AS a, max(tokens)::bigint AS b, max(to_jsonb(path)::text) AS c FROM chunks";
    let expected = json!(chunk("").path).to_string().replace("\",\"", "\", \"");
    assert_eq!(rows(&db, paths).await, [(2_500, 7, expected)]);
    // Another document on the same connection finds the session's table empty.
    write(&store, "acme", &hashed(document("acme", "c", "more", &texts[..300])), now).await;
    assert_eq!(rows(&db, ROWS).await.len(), 2_800);
}

#[tokio::test]
async fn a_document_that_the_database_refuses_leaves_nothing() {
    let (store, db) = opened().await;
    let mut bees = document("acme", "c", "s", &["A", "B"]);
    bees.chunks[1].tokens = u32::MAX;
    bees.chunks[1].vector = vec![f32::NAN; 3];
    let failure = refusal(store.commit(&ending("acme", &bees, clock::now())).await);
    assert_eq!(failure.code, "not_storable");
    for table in ["chunks", "documents", "collections", "jobs", "usage"] {
        let count = format!("SELECT count(*) AS a, 0::bigint AS b, '' AS c FROM {table}");
        assert_eq!(rows(&db, &count).await, [(0, 0, String::new())], "{table}");
    }
    write(&store, "acme", &document("acme", "c", "s", &["A"]), clock::now()).await;
    assert_eq!(rows(&db, ROWS).await.len(), 1);
}

#[tokio::test]
async fn writers_of_one_document_and_of_one_new_collection_take_turns() {
    let (store, db) = opened().await;
    let (now, mut writing) = (clock::now(), JoinSet::new());
    for n in 0..24_i64 {
        let store = Arc::clone(&store);
        writing.spawn(async move {
            let source = format!("s{}", n % 6);
            let text = format!("Version {n}.");
            let at = now + TimeDelta::seconds(n);
            write(&store, "acme", &document("acme", "new", &source, &[&text]), at).await;
        });
    }
    while let Some(written) = writing.join_next().await {
        written.unwrap();
    }
    let texts: Vec<_> = {
        let sql = "SELECT 0::bigint AS a, 0::bigint AS b, c.text AS c FROM chunks c JOIN documents d ON d.id = c.document_id \
                   ORDER BY d.source";
        rows(&db, sql).await.into_iter().map(|(_, _, text)| text).collect()
    };
    assert_eq!(texts, (18..24).map(|n| format!("Version {n}.")).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_deleted_does_not_come_back_by_a_job_that_was_accepted_before() {
    let (store, db) = opened().await;
    let (bees, now) = (document("acme", "c", "s", &["A"]), clock::now());
    for (id, second) in [(bees.document, 1), (collection_id(&tenant("acme"), "c"), 3)] {
        let at = now + TimeDelta::seconds(second);
        let put = "INSERT INTO document_tombstones (document_id, deleted_at) VALUES ($1, $2)";
        let put = Statement::from_sql_and_values(DbBackend::Postgres, put, [id.into(), at.into()]);
        db.execute_raw(put).await.unwrap();
        write(&store, "acme", &bees, at).await;
        assert_eq!(rows(&db, ROWS).await, [], "it was sent before");
        assert!(status(&store, "acme", &bees).await.deleted_at.is_some());
        write(&store, "acme", &bees, at + TimeDelta::milliseconds(1)).await;
        assert_eq!(rows(&db, ROWS).await.len(), 1);
        db.execute_unprepared("DELETE FROM documents").await.unwrap();
    }
    let tombstones = "SELECT count(*) AS a, 0::bigint AS b, '' AS c FROM document_tombstones";
    for (later, left) in [(0, 1), (1, 0)] {
        store.purge(now + TimeDelta::seconds(3) + TimeDelta::milliseconds(later), 10).await.unwrap();
        assert_eq!(rows(&db, tombstones).await[0].0, left, "those are forgotten that are older");
    }
    assert_eq!(status(&store, "acme", &bees).await.deleted_at, None);
}
