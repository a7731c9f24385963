//! Search: one contract for both adapters, and tests of Postgres alone.

use ruche_schemas::{config, vectors::index_name};
use ruche_store::{
    filter::{Comparison, Condition, Test},
    models::EmbeddingModel,
    search::{Filter, Lookup, Mode, Probe, Scan, Search, Searchable},
};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, sqlx};
use serde_json::json;

use super::{
    search_support::{Doc, Shelf, lookup, metadata, of_its_own, sources},
    search_words::words_are_found_in_each_spelling,
    support::{Memory, opened, tenant},
};

async fn holds_the_contract(store: &dyn Search, shelf: &dyn Shelf) {
    let (acme, other) = (tenant("acme"), tenant("other"));
    let model = shelf.model("m", 3).await;
    for owner in [&acme, &other] {
        shelf.collection(owner, "docs", Some(&model)).await;
    }
    finds_by_vectors_by_words_and_by_both(store, shelf).await;
    keeps_tenants_collections_and_models_apart(store, shelf).await;
    filters(store, shelf).await;
    tells_what_a_field_has(store, shelf).await;
    knows_its_sources(store, shelf).await;
    orders_ties_always_the_same(store, shelf).await;
    marks_bind_what_vectors_find(store, shelf).await;
    equal_texts_are_one_hit(store, shelf).await;
    words_are_found_in_each_spelling(store, shelf).await;
    tells_when_collections_are_not_as_they_were(store, shelf).await;
    let names = ["docs".to_owned(), "unheard-of".to_owned()];
    let known = store.searchable(&acme, &names).await.unwrap();
    assert_eq!(known.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["docs"]);
}

async fn finds_by_vectors_by_words_and_by_both(store: &dyn Search, shelf: &dyn Shelf) {
    let model = of_its_own(shelf, "modes").await;
    // The first matches in meaning but not in words, the second in words but not in meaning.
    shelf.document(&Doc::new(&model, "meant", "you get your money back", &[1.0, 0.1, 0.0])).await;
    shelf.document(&Doc::new(&model, "said", "error RX-4711 on the panel", &[0.0, 1.0, 0.0])).await;
    shelf.document(&Doc::new(&model, "neither", "bees in winter", &[0.0, 0.0, 1.0])).await;
    let near = [1.0, 0.0, 0.0];
    let search = async |mode, text, vector: Option<&[f32]>| {
        store.search(&tenant("acme"), &lookup(&model, mode, text, vector)).await.unwrap().unwrap()
    };
    let by_vectors = search(Mode::Vector, Some("panel"), Some(&near)).await;
    assert_eq!(sources(&by_vectors)[0], "meant");
    let explanation = by_vectors[0].explanation.clone().unwrap();
    assert_eq!((explanation.vector_rank, explanation.text_rank, explanation.scan), (Some(1), None, Some(Scan::Exact)));
    assert!((by_vectors[0].score - 0.995).abs() < 0.001 && Some(by_vectors[0].score) == explanation.cosine);
    let by_words = search(Mode::Text, Some("panel"), None).await;
    assert_eq!(sources(&by_words), ["said"], "and what does not have the word is no hit");
    assert_eq!(by_words[0].explanation.clone().unwrap().text_score, Some(by_words[0].score));
    let by_both = search(Mode::Hybrid, Some("panel"), Some(&near)).await;
    let explanation = by_both[0].explanation.clone().unwrap();
    assert_eq!((sources(&by_both)[0], explanation.text_rank, explanation.vector_rank), ("said", Some(1), Some(2)));
    // The one has all of the words, the other is the nearest: both count alike.
    assert!(by_both.iter().take(2).all(|hit| (hit.score - 0.5).abs() < 1e-6), "{by_both:?}");
    assert_eq!(sources(&by_both)[1], "meant");
    assert_eq!(by_both.len(), 3);
    // Where no text has a word of the question, meaning alone decides.
    let by_meaning = search(Mode::Hybrid, Some("wasps"), Some(&near)).await;
    assert_eq!(sources(&by_meaning)[0], "meant");
    assert!((by_meaning[0].score - 1.0).abs() < 1e-6, "{}", by_meaning[0].score);
    // The nearest text gets no full score where an identifier is asked for: it may name another one.
    let by_code = search(Mode::Hybrid, Some("RX-4711"), Some(&near)).await;
    assert_eq!(sources(&by_code)[0], "said");
    assert!(by_code[1].score < 0.5, "{by_code:?}");
}

async fn keeps_tenants_collections_and_models_apart(store: &dyn Search, shelf: &dyn Shelf) {
    let model = of_its_own(shelf, "apart").await;
    let older = shelf.model("older", 3).await;
    shelf.collection(&tenant("acme"), "secret", Some(&model)).await;
    let vector = [1.0, 0.0, 0.0];
    let mine = Doc::new(&model, "mine", "honey", &[0.5, 0.5, 0.0]);
    shelf.document(&mine).await;
    let theirs = Doc { tenant: tenant("other"), ..Doc::new(&model, "theirs", "honey honey", &vector) };
    shelf.document(&theirs).await;
    let elsewhere = Doc { collection: "secret".to_owned(), ..Doc::new(&model, "elsewhere", "honey honey", &vector) };
    shelf.document(&elsewhere).await;
    // Embedded by the previous or the next model: the same document, never mixed in.
    shelf.document(&Doc { model: older, chunks: vec![("honey honey".to_owned(), vector.to_vec())], ..mine }).await;
    for (mode, vector) in [(Mode::Vector, Some(&vector[..])), (Mode::Text, None), (Mode::Hybrid, Some(&vector[..]))] {
        let found = store.search(&tenant("acme"), &lookup(&model, mode, Some("honey"), vector)).await.unwrap().unwrap();
        assert_eq!(sources(&found), ["mine"], "{mode:?}");
        assert_eq!(found[0].text, "honey");
    }
    let nobody = store.search(&tenant("nobody"), &lookup(&model, Mode::Text, Some("honey"), None)).await.unwrap();
    assert_eq!(nobody, None, "it has no such collection");
}

async fn tells_when_collections_are_not_as_they_were(store: &dyn Search, shelf: &dyn Shelf) {
    let (acme, vector) = (tenant("acme"), [1.0, 0.0, 0.0]);
    let (before, after) = (of_its_own(shelf, "before").await, shelf.model("after", 3).await);
    shelf.collection(&acme, "bare", None).await;
    shelf.document(&Doc::new(&before, "a", "honey", &vector)).await;
    let bare = Searchable { name: "bare".to_owned(), model: None };
    for (mode, vector) in [(Mode::Vector, Some(&vector[..])), (Mode::Text, None), (Mode::Hybrid, Some(&vector[..]))] {
        shelf.collection(&acme, "docs", Some(&before)).await;
        let mut asked = lookup(&before, mode, Some("honey"), vector);
        asked.collections.push(bare.clone());
        assert_eq!(sources(&store.search(&acme, &asked).await.unwrap().unwrap()), ["a"], "{mode:?}");
        let of_bare = Lookup { collections: vec![bare.clone()], probes: Vec::new(), ..asked.clone() };
        assert_eq!(store.search(&acme, &of_bare).await.unwrap(), Some(Vec::new()), "a collection without documents");
        // Its chunks of the other model may or may not remain.
        shelf.collection(&acme, "docs", Some(&after)).await;
        assert_eq!(store.search(&acme, &asked).await.unwrap(), None, "{mode:?}: it is searched with another model");
        assert_eq!(store.search(&acme, &lookup(&before, Mode::Text, Some("wasps"), None)).await.unwrap(), None);
        asked.collections = vec![Searchable { name: "gone".to_owned(), model: Some(before.clone()) }];
        assert_eq!(store.search(&acme, &asked).await.unwrap(), None, "{mode:?}: it is not there");
    }
}

async fn filters(store: &dyn Search, shelf: &dyn Shelf) {
    let model = of_its_own(shelf, "filters").await;
    for number in 0..4_u32 {
        let day = format!("2026-01-0{}T00:00:00Z", number + 1);
        let doc = Doc {
            metadata: json!({ "lang": if number % 2 == 0 { "en" } else { "fr" }, "tags": [number, "all"], "size": { "mm": number * 10 } }),
            published_at: (number < 3).then(|| day.parse().unwrap()),
            ..Doc::new(&model, &format!("s{number}"), &format!("honey {number}"), &[1.0, number as f32, 0.0])
        };
        shelf.document(&doc).await;
    }
    let day = |day: u32| Some(format!("2026-01-0{day}T00:00:00Z").parse().unwrap());
    let size = |test| {
        let path = vec!["size".to_owned(), "mm".to_owned()];
        Filter { metadata: vec![Condition { path, test }], ..Filter::default() }
    };
    let tags = |test| Filter { metadata: vec![Condition { path: vec!["tags".to_owned()], test }], ..Filter::default() };
    for (filter, expected) in [
        (Filter::default(), &["s0", "s1", "s2", "s3"][..]),
        (Filter { sources: vec!["s3".into(), "s1".into(), "none".into()], ..Filter::default() }, &["s1", "s3"]),
        (metadata(&json!({"lang": "en"})), &["s0", "s2"]),
        (metadata(&json!({"tags": [3], "lang": "fr"})), &["s3"]),
        (metadata(&json!({"lang": ["en"]})), &[]),
        (metadata(&json!({"tags": 2})), &["s2"]),
        (metadata(&json!({"tags": "all", "size": {"mm": 10}})), &["s1"]),
        (tags(Test::In(vec![json!(0), json!(3), json!("none")])), &["s0", "s3"]),
        (tags(Test::NotIn(vec![json!(0), json!(3)])), &["s1", "s2"]),
        (tags(Test::Not(json!(1))), &["s0", "s2", "s3"]),
        (tags(Test::Compare(Comparison::Greater, json!(1))), &["s2", "s3"]),
        (tags(Test::In(Vec::new())), &[]),
        (size(Test::Compare(Comparison::GreaterOrEqual, json!(20))), &["s2", "s3"]),
        (size(Test::Compare(Comparison::Less, json!(10.5))), &["s0", "s1"]),
        (size(Test::Compare(Comparison::LessOrEqual, json!("z"))), &[]),
        (size(Test::Exists(true)), &["s0", "s1", "s2", "s3"]),
        (size(Test::Exists(false)), &[]),
        (Filter { published_after: day(2), ..Filter::default() }, &["s1", "s2"]),
        (Filter { published_before: day(2), ..Filter::default() }, &["s0"]),
        (Filter { published_after: day(2), published_before: day(3), ..Filter::default() }, &["s1"]),
    ] {
        for (mode, vector) in
            [(Mode::Vector, Some(&[1.0, 0.0, 0.0][..])), (Mode::Hybrid, Some(&[1.0, 0.0, 0.0][..])), (Mode::Text, None)]
        {
            let asked = Lookup { filter: filter.clone(), ..lookup(&model, mode, Some("honey"), vector) };
            let found = store.search(&tenant("acme"), &asked).await.unwrap().unwrap();
            let mut found = sources(&found);
            found.sort_unstable();
            assert_eq!(found, expected, "{mode:?} {filter:?}");
        }
    }
}

async fn tells_what_a_field_has(store: &dyn Search, shelf: &dyn Shelf) {
    let model = shelf.model("examples", 3).await;
    let (acme, mine) = (tenant("acme"), ["priced".to_owned(), "nowhere".to_owned()]);
    shelf.collection(&acme, "priced", Some(&model)).await;
    for (source, metadata) in [
        ("a", json!({ "price": 9.5, "ok": true, "tags": ["x", 5], "a \"b\".c": { "deep": "y" } })),
        ("b", json!({ "ok": null })),
    ] {
        let collection = "priced".to_owned();
        shelf.document(&Doc { collection, metadata, ..Doc::new(&model, source, "wax", &[1.0, 0.0, 0.0]) }).await;
    }
    for (path, expected) in [
        (&["price"][..], json!([9.5])),
        (&["ok"], json!([null, true])),
        (&["tags"], json!(["x", 5])),
        (&["a \"b\".c", "deep"], json!(["y"])),
        (&["a \"b\".c"], json!([{ "deep": "y" }])),
        (&["prise"], json!([])),
        (&["price", "deep"], json!([])),
    ] {
        let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
        let found = store.field_examples(&acme, &mine, &path).await.unwrap();
        assert_eq!((json!(found.values), found.is_complete), (expected, true), "{path:?}");
        let others = store.field_examples(&tenant("other"), &mine, &path).await.unwrap();
        assert_eq!(others.values, [] as [serde_json::Value; 0], "{path:?}");
    }
}

async fn knows_its_sources(store: &dyn Search, shelf: &dyn Shelf) {
    let model = of_its_own(shelf, "sources").await;
    shelf.document(&Doc::new(&model, "known.md", "wax", &[1.0, 0.0, 0.0])).await;
    let text = |text: &str| text.to_owned();
    let asked = [text("known.md"), text("./known.md"), text("zzz")];
    let known = store.known_sources(&tenant("acme"), &[text("docs"), text("none")], &asked).await.unwrap();
    assert_eq!(known, ["known.md"]);
    assert_eq!(store.known_sources(&tenant("other"), &[text("docs")], &asked).await.unwrap(), [] as [String; 0]);
}

async fn orders_ties_always_the_same(store: &dyn Search, shelf: &dyn Shelf) {
    let model = of_its_own(shelf, "ties").await;
    let chunks = (0..30).map(|number| (format!("honey n{number}"), vec![1.0, 0.0, 0.0])).collect();
    shelf.document(&Doc { chunks, ..Doc::new(&model, "same", "", &[]) }).await;
    for (mode, vector) in
        [(Mode::Vector, Some(&[1.0, 0.0, 0.0][..])), (Mode::Hybrid, Some(&[1.0, 0.0, 0.0][..])), (Mode::Text, None)]
    {
        let asked = lookup(&model, mode, Some("honey"), vector);
        let first = store.search(&tenant("acme"), &asked).await.unwrap().unwrap();
        let chunks: Vec<i64> = first.iter().map(|hit| hit.chunk).collect();
        assert!(chunks.len() == 10 && chunks.is_sorted(), "{mode:?}: {chunks:?}");
        assert_eq!(store.search(&tenant("acme"), &asked).await.unwrap().unwrap(), first);
    }
}

async fn marks_bind_what_vectors_find(store: &dyn Search, shelf: &dyn Shelf) {
    let model = of_its_own(shelf, "bound").await;
    let near = [1.0, 0.0, 0.0];
    shelf.document(&Doc::new(&model, "sold", "the honey is sold", &near)).await;
    shelf.document(&Doc::new(&model, "kept", "the honey is kept for sold bees", &near)).await;
    shelf.document(&Doc::new(&model, "none", "wasps", &near)).await;
    for mode in [Mode::Hybrid, Mode::Vector, Mode::Text] {
        let search = async |text| {
            let asked = lookup(&model, mode, Some(text), Some(&near[..]).filter(|_| mode != Mode::Text));
            let found = store.search(&tenant("acme"), &asked).await.unwrap().unwrap();
            let mut found: Vec<String> = found.into_iter().map(|hit| hit.source).collect();
            found.sort();
            found
        };
        assert_eq!(search("\"is sold\" honey").await, ["sold"], "{mode:?}");
        assert_eq!(search("honey -bee").await, if mode == Mode::Text { &["sold"][..] } else { &["none", "sold"] });
        assert_eq!(search("honey -\"is sold\" -wasp").await, ["kept"], "{mode:?}");
        assert_eq!(search("\"nowhere to be found\"").await, [""; 0], "{mode:?}");
    }
}

async fn equal_texts_are_one_hit(store: &dyn Search, shelf: &dyn Shelf) {
    let model = of_its_own(shelf, "equal").await;
    for source in ["equal1", "equal2", "equal3"] {
        shelf.document(&Doc::new(&model, source, "honey is sold", &[1.0, 0.0, 0.0])).await;
    }
    shelf.document(&Doc::new(&model, "unlike", "honey is kept", &[1.0, 0.1, 0.0])).await;
    let mut asked = lookup(&model, Mode::Hybrid, Some("honey sold"), Some(&[1.0, 0.0, 0.0]));
    asked.top_k = 2;
    let found = store.search(&tenant("acme"), &asked).await.unwrap().unwrap();
    assert_eq!(sources(&found), ["equal1", "unlike"]);
    let also: Vec<_> =
        found[0].also_in.iter().map(|other| (other.source.as_str(), other.collection.as_str())).collect();
    assert_eq!((also, found[1].also_in.len()), (vec![("equal2", "docs"), ("equal3", "docs")], 0));
    for n in 4..=15 {
        shelf.document(&Doc::new(&model, &format!("equal{n}"), "honey is sold", &[1.0, 0.0, 0.0])).await;
    }
    for top_k in [1, 2] {
        asked.top_k = top_k;
        let found = store.search(&tenant("acme"), &asked).await.unwrap().unwrap();
        assert_eq!((found[0].source.as_str(), found[0].also_in.len()), ("equal1", 14), "{top_k}");
    }
}

#[tokio::test]
async fn search_in_memory_holds_the_contract() {
    let store = Memory::default();
    holds_the_contract(&store, &store).await;
}

#[tokio::test]
async fn search_on_postgres_holds_the_contract() {
    let (store, shelf) = opened().await;
    holds_the_contract(&*store, &shelf).await;
}

#[tokio::test]
async fn collections_of_two_models_are_searched_together() {
    let (store, shelf) = opened().await;
    let acme = tenant("acme");
    let (short, long) = (shelf.model("short", 3).await, shelf.model("long", 4).await);
    shelf.collection(&acme, "docs", Some(&short)).await;
    shelf.collection(&acme, "more", Some(&long)).await;
    shelf.document(&Doc::new(&short, "a", "honey", &[1.0, 0.0, 0.0])).await;
    shelf.document(&Doc::new(&short, "b", "bees", &[0.0, 1.0, 0.0])).await;
    let more = Doc { collection: "more".to_owned(), ..Doc::new(&long, "c", "honey bees", &[1.0, 0.0, 0.0, 0.0]) };
    shelf.document(&more).await;
    let mut asked = lookup(&short, Mode::Hybrid, Some("honey"), Some(&[1.0, 0.0, 0.0]));
    asked.collections.push(Searchable { name: "more".to_owned(), model: Some(long.clone()) });
    asked.probes.push(Probe { model: long, vector: vec![1.0, 0.0, 0.0, 0.0] });
    let found = store.search(&acme, &asked).await.unwrap().unwrap();
    assert_eq!(found.len(), 3);
    let mut first = sources(&found[..2]);
    first.sort_unstable();
    assert_eq!(first, ["a", "c"], "the nearest of each");
    asked.mode = Mode::Vector;
    assert_eq!(sources(&store.search(&acme, &asked).await.unwrap().unwrap()).len(), 3);
    asked.mode = Mode::Text;
    asked.probes.clear();
    assert_eq!(sources(&store.search(&acme, &asked).await.unwrap().unwrap()), ["a", "c"], "one ranking by words");
}

/// Chunks around forty centres, a tenth in each of ten sorts, every eighth of another tenant.
const MANY: &str = "
WITH docs AS (
  INSERT INTO documents (id, tenant, collection, source, language, metadata, format, content, hash, job_id, accepted_at, updated_at)
  SELECT md5('d' || g)::uuid, CASE WHEN g % 8 = 0 THEN 'other' ELSE 'acme' END, 'docs', 's' || g, 'simple',
    jsonb_build_object('sort', g % 10, 'rare', g % 100), 'text', '', decode(repeat('00', 32), 'hex'), md5('d' || g)::uuid, now(), now()
  FROM generate_series(1, 4000) g RETURNING id, tenant, source)
INSERT INTO chunks (document_id, model_id, position, tenant, collection, path, text, tokens, hash, search, embedding)
SELECT d.id, $1, 0, d.tenant, 'docs', '{}', d.source, 1, decode(repeat('00', 32), 'hex'), ''::tsvector,
  (SELECT array_agg((hashint4(substr(d.source, 2)::int % 40 * 64 + i) % 1000 + hashint4(substr(d.source, 2)::int * 977 + i) % 600)::real)
   FROM generate_series(1, 24) i)::public.vector
FROM docs d";

async fn many(shelf: &DatabaseConnection) -> EmbeddingModel {
    let model = shelf.model("many", 24).await;
    for owner in ["acme", "other"] {
        shelf.collection(&tenant(owner), "docs", Some(&model)).await;
    }
    sqlx::query(MANY).bind(model.id).execute(shelf.get_postgres_connection_pool()).await.unwrap();
    model
}

async fn index(shelf: &DatabaseConnection, model: i32) {
    let name = index_name(model);
    let made = format!(
        "CREATE INDEX {name} ON chunks USING hnsw ((embedding::public.halfvec(24)) public.halfvec_cosine_ops) \
         WHERE model_id = {model}; ANALYZE chunks; ANALYZE documents"
    );
    shelf.execute_unprepared(&made).await.unwrap();
}

#[tokio::test]
async fn the_index_finds_what_comparing_all_finds_also_behind_filters_and_of_a_small_tenant() {
    let (store, shelf) = opened().await;
    let model = many(&shelf).await;
    let exact = (*store).clone();
    let indexed = (*store).clone().with_search(config::Search { exact_below: 5, ..config::Search::default() });
    index(&shelf, model.id).await;
    for (owner, filter) in [
        ("acme", Filter::default()),
        ("other", Filter::default()),
        ("acme", metadata(&json!({ "sort": 3 }))),
        ("acme", metadata(&json!({ "rare": 7 }))),
        ("other", metadata(&json!({ "rare": 8 }))),
    ] {
        let (mut hits, mut all) = (0, 0);
        for seed in 0..20_u32 {
            let vector: Vec<f32> = (0..24).map(|i| ((seed * 37 + i * 101) % 97) as f32 - 48.0).collect();
            let asked = Lookup { filter: filter.clone(), ..lookup(&model, Mode::Vector, None, Some(&vector)) };
            let truth = exact.search(&tenant(owner), &asked).await.unwrap().unwrap();
            let found = indexed.search(&tenant(owner), &asked).await.unwrap().unwrap();
            assert_eq!(truth.len(), found.len(), "{owner} {filter:?}");
            assert!(truth.iter().all(|hit| hit.explanation.as_ref().unwrap().scan == Some(Scan::Exact)));
            if owner == "acme" && filter.is_empty() {
                assert!(found.iter().all(|hit| hit.explanation.as_ref().unwrap().scan == Some(Scan::Index)));
            }
            all += truth.len();
            hits += truth.iter().filter(|hit| found.iter().any(|other| other.chunk == hit.chunk)).count();
            for hit in &found {
                let same = truth.iter().find(|other| other.chunk == hit.chunk);
                assert!(same.is_none_or(|other| (other.score - hit.score).abs() < 1e-9), "by full vectors");
            }
        }
        let recall = f64::from(u32::try_from(hits).unwrap()) / f64::from(u32::try_from(all).unwrap());
        assert!(recall >= 0.98, "{owner} {filter:?}: {recall}");
    }
}

#[tokio::test]
async fn without_an_index_all_are_compared_however_many() {
    let (store, shelf) = opened().await;
    let model = many(&shelf).await;
    let store = (*store).clone().with_search(config::Search { exact_below: 5, ..config::Search::default() });
    let asked = lookup(&model, Mode::Vector, None, Some(&[1.0; 24]));
    let found = store.search(&tenant("acme"), &asked).await.unwrap().unwrap();
    assert!(found.len() == 10 && found.iter().all(|hit| hit.explanation.as_ref().unwrap().scan == Some(Scan::Exact)));
}
