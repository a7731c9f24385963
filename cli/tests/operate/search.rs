//! `ruche search` and `ruche eval retrieval`.

use std::fs;

use serde_json::{Value, json};

use crate::{
    document, end, err, out, ruche, run,
    stand_in::{Gateway, ok, status},
};

fn found(mode: &str, sources: &[&str]) -> Value {
    let hit = |source: &&str| json!({"source": source, "collection": "docs", "path": ["A"], "text": "x", "score": 0.5});
    json!({"object": "list", "mode": mode, "model": "m", "took_ms": 1.0, "data": sources.iter().map(hit).collect::<Vec<_>>()})
}

#[tokio::test]
async fn a_question_is_asked_as_it_was_typed_and_answered_on_few_lines() {
    let gateway = Gateway::start().await;
    let mut answer = found("text", &["a.md", "b.md"]);
    answer["notes"] = json!(["only words were searched"]);
    gateway.on("POST /v1/search", vec![ok(answer)]);
    let mut command = ruche(&gateway);
    command.args(["search", "when? \"now\" -then", "-c", "docs", "--collection", "more", "-k", "2", "--mode", "text"]);
    let output = end(command.args(["--source", "a.md", "--metadata", r#"{"lang":"en"}"#, "--explain"])).await;
    assert!(output.status.success(), "{}", err(&output));
    let expected = json!({"query": "when? \"now\" -then", "collections": ["docs", "more"], "mode": "text", "top_k": 2,
        "explain": true, "filter": {"sources": ["a.md"], "metadata": {"lang": "en"}}});
    assert_eq!(gateway.last("POST /v1/search").json(), expected);
    assert!(out(&output).starts_with("1. 0.5000  docs > a.md > A\n   x\n\n2. "), "{}", out(&output));
    assert_eq!(err(&output), "only words were searched\n");
    assert!(run(&gateway, "search x -c docs --rerank").await.status.success());
    let asked = gateway.last("POST /v1/search").json();
    assert_eq!((&asked["rerank"], &asked["rerank_hits"]), (&json!(true), &json!(30)));
    assert_eq!(document(&run(&gateway, "search x -c docs --json").await)["data"][1]["source"], "b.md");
    for wrong in [
        "search x",
        "search x -c docs -k 0",
        "search x -c docs --mode magic",
        "search x -c docs --rerank 0",
        "search x -c docs --metadata {",
    ] {
        assert_eq!(run(&gateway, wrong).await.status.code(), Some(2), "{wrong}");
    }
}

#[tokio::test]
async fn an_evaluation_shows_the_modes_side_by_side_and_what_was_missed() {
    let gateway = Gateway::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("set.jsonl");
    fs::write(
        &file,
        "{\"question\":\"a?\",\"expected\":\"a\",\"id\":\"qa\"}\n\n{\"question\":\"b?\",\"expected\":[\"b\",\"c\"]}\n",
    )
    .unwrap();
    // Two questions in each of three modes, one after the other.
    let answers = [
        ("vector", vec!["a", "x"]),
        ("vector", vec!["x", "b"]),
        ("text", vec![]),
        ("text", vec!["c"]),
        ("hybrid", vec!["a"]),
        ("hybrid", vec!["b", "c"]),
    ];
    gateway.on("POST /v1/search", answers.map(|(mode, sources)| ok(found(mode, &sources))).into());
    let path = file.display().to_string();
    let output = run(&gateway, &format!("eval retrieval {path} -c docs -k 5 --misses")).await;
    assert!(output.status.success(), "{}", err(&output));
    let lines: Vec<String> =
        out(&output).lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(lines[0], "2 questions, the first 5 chunks of each");
    assert_eq!(lines[2], "mode recall@5 MRR@5 nDCG@5 missed");
    // The four requests of a mode run concurrently, so the order of answers is open; the sums are not.
    assert_eq!(lines.len(), 6 + lines[6..].len(), "{lines:?}");
    assert!(lines[5].starts_with("hybrid "), "{lines:?}");
    assert!(lines[6..].iter().any(|line| line.starts_with("vector: ")), "{lines:?}");
    assert!(gateway.seen().iter().all(|request| request.json()["top_k"] == 5));
    let modes: Vec<Value> = gateway.seen().iter().map(|request| request.json()["mode"].clone()).collect();
    assert_eq!(modes, ["vector", "vector", "text", "text", "hybrid", "hybrid"]);
}

#[tokio::test]
async fn an_evaluation_of_one_mode_as_json_has_its_numbers() {
    let gateway = Gateway::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("set.jsonl");
    fs::write(&file, "{\"question\":\"a?\",\"expected\":[\"a\",\"b\"],\"id\":\"qa\"}\n").unwrap();
    gateway.on("POST /v1/search", vec![ok(found("hybrid", &["x", "a"]))]);
    let path = file.display().to_string();
    let measured =
        document(&run(&gateway, &format!("eval retrieval {path} -c docs --mode hybrid --json --misses")).await);
    assert_eq!((&measured["questions"], &measured["k"]), (&json!(1), &json!(10)));
    let hybrid = &measured["modes"]["hybrid"];
    assert_eq!((&hybrid["recall"], &hybrid["mrr"], &hybrid["missed"]), (&json!(0.5), &json!(0.5), &json!(1)));
    assert_eq!(hybrid["misses"][0], json!({"id": "qa", "question": "a?", "expected": ["a", "b"], "found": ["x", "a"]}));
}

#[tokio::test]
async fn an_evaluation_that_cannot_be_one_says_why() {
    let gateway = Gateway::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (good, broken) = (folder.path().join("good"), folder.path().join("broken"));
    fs::write(&good, "{\"question\":\"a?\",\"expected\":\"a\"}\n").unwrap();
    fs::write(&broken, "{\"question\":\"a?\",\"expected\":\"a\"}\n{\"question\":\"a?\"}\n").unwrap();
    let evaluate =
        async |file: &std::path::Path| run(&gateway, &format!("eval retrieval {} -c docs", file.display())).await;
    let output = evaluate(&broken).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("line 2: expected: is missing"), "{}", err(&output));
    assert!(gateway.seen().is_empty(), "nothing is asked before all lines are read");
    assert!(err(&evaluate(&folder.path().join("none")).await).contains("can't be read"));
    let mut degraded = found("text", &["a"]);
    degraded["notes"] = json!(["no worker has the model"]);
    gateway.on("POST /v1/search", vec![ok(degraded)]);
    let output = evaluate(&good).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("not searched by vector: no worker has the model"), "{}", err(&output));
    let mut plain = found("text", &["a"]);
    plain["notes"] = json!(["no worker has a reranker"]);
    gateway.on("POST /v1/search", vec![ok(plain)]);
    let output = run(&gateway, &format!("eval retrieval {} -c docs --mode text --rerank", good.display())).await;
    assert!(err(&output).contains("not reranked: no worker has a reranker"), "{}", err(&output));
    let unknown =
        json!({"error": {"message": "there is no collection", "code": "collection_not_found", "param": "collections"}});
    gateway.on("POST /v1/search", vec![status(404, unknown)]);
    let output = evaluate(&good).await;
    assert!(err(&output).contains("line 1") && err(&output).contains("no collection"), "{}", err(&output));
}
