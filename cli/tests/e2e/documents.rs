//! Documents with the real programs and a real model.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::system::{EMBEDDER, Running, System};

fn page(sections: usize) -> String {
    let section = |n: usize| {
        format!("## Section {n}\n\nThe hive number {n} stands in the meadow, and its bees were counted {n} times.\n\n")
    };
    format!("# Hives\n\n{}", (0..sections).map(section).collect::<String>())
}

async fn add(gateway: &Running, source: &str, text: &str) -> Value {
    let body = json!({"collection": "handbook", "source": source, "text": text, "language": "en"});
    let (status, answer) = Running::json(gateway.post("/v1/documents?wait=true", &body)).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

async fn chunks(gateway: &Running, document: &Value) -> Vec<String> {
    let path = format!("/v1/documents/{}/chunks?limit=100", document.as_str().unwrap());
    let (status, answer) = Running::json(gateway.get(&path)).await;
    assert_eq!(status, 200, "{answer}");
    answer["data"].as_array().unwrap().iter().map(|chunk| chunk["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_document_is_embedded_listed_changed_and_deleted() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.embed_worker().await);
    let answer = add(&gateway, "hives.md", &page(20)).await;
    let counts = |answer: &Value| {
        [answer["chunks"].as_u64(), answer["embedded"].as_u64(), answer["removed"].as_u64()].map(Option::unwrap)
    };
    assert_eq!((counts(&answer), &answer["model"], &answer["title"]), ([20, 20, 0], &json!(EMBEDDER), &json!("Hives")));
    let changed = page(21).replace("Section 3\n\nThe hive number 3", "Section 3\n\nNo hive");
    let again = add(&gateway, "hives.md", &changed).await;
    assert_eq!((counts(&again), &again["document"]), ([21, 2, 1], &answer["document"]));
    let texts = chunks(&gateway, &answer["document"]).await;
    assert!(texts.len() == 21 && texts[3].starts_with("No hive"), "{texts:?}");
    let (_, list) = Running::json(gateway.get("/v1/documents?collection=handbook")).await;
    assert_eq!((list["data"].as_array().unwrap().len(), &list["data"][0]["language"]), (1, &json!("english")));
    let (_, collections) = Running::json(gateway.get("/v1/collections")).await;
    assert_eq!((&collections["data"][0]["model"], &collections["data"][0]["documents"]), (&json!(EMBEDDER), &json!(1)));
    let path = format!("/v1/documents/{}", answer["document"].as_str().unwrap());
    assert_eq!(gateway.delete(&path).send().await.unwrap().status(), 204);
    assert_eq!(gateway.get(&path).send().await.unwrap().status(), 404);
    assert_eq!(counts(&add(&gateway, "hives.md", &page(2)).await), [2, 2, 0], "nothing of it was left");
}

#[tokio::test]
async fn a_worker_that_is_killed_leaves_a_document_as_it_was_and_another_writes_all_of_it() {
    let system = System::start().await;
    let gateway = system.gateway().await;
    let alone = system.embed_worker().await;
    let answer = add(&gateway, "hives.md", &page(3)).await;
    let body = json!({"document": {"collection": "handbook", "source": "hives.md", "text": page(400)}});
    let (status, job) = Running::json(gateway.post("/v1/jobs/embed", &body)).await;
    assert_eq!(status, 202, "{job}");
    let mut events = gateway.events(job["id"].as_str().unwrap(), 1).await;
    while events.until("progress").await["data"]["done"].as_u64().unwrap() == 0 {}
    // Stopped first, so that it can't end while the other one starts.
    alone.signal(Signal::SIGSTOP);
    assert_eq!(chunks(&gateway, &answer["document"]).await.len(), 3, "the old ones are all there");
    let _other = system.embed_worker().await;
    alone.kill().await;
    let last = events.rest().await.pop().unwrap();
    assert_eq!((&last["type"], &last["data"]["chunks"]), (&json!("done"), &json!(400)), "{last}");
    let (_, view) =
        Running::json(gateway.get(&format!("/v1/documents/{}", answer["document"].as_str().unwrap()))).await;
    assert_eq!(view["models"][0]["chunks"], 400);
}

#[tokio::test]
async fn files_of_each_format_are_added_by_the_command_and_bad_ones_are_told() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.embed_worker().await);
    let _render = system.render_worker().await;
    let pdf = gateway.markdown("/v1/render", "# Of bees\n\nThe queen lays her eggs in every cell of the comb.\n");
    let pdf = pdf.send().await.unwrap().bytes().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    put("a.md", b"# A\n\nWax is made by young bees.");
    put("b.html", b"<h1>B</h1><p>Honey keeps for years.</p><script>x()</script>");
    put("c.txt", b"Smoke calms them.");
    put("d.pdf", &pdf);
    put("latin.txt", b"Le mus\xe9e rouvre apr\xe8s la r\xe9novation.");
    put("rows.csv", b"Part;Price\nPN-1;1,50\nPN-2;0,10\n");
    put("binary.md", b"\x7fELF\x02\x01\x01\0\0\xff\xfe");
    put("broken.pdf", b"%PDF-1.7\nbroken");
    put("empty.txt", b"");
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_ruche"));
    command.args(["documents", "add", ".", "--collection", "bees", "--json"]).current_dir(folder.path());
    command.env("RUCHE_URL", &gateway.url).env("RUCHE_KEY", &system.key);
    let output = command.output().await.unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| lines.iter().find(|line| line["file"].as_str().unwrap().ends_with(name)).unwrap();
    for (name, words) in [("binary.md", "a program"), ("broken.pdf", "broken"), ("empty.txt", "empty")] {
        assert!(of(name)["error"].as_str().unwrap().contains(words), "{}", of(name));
    }
    for (name, words) in [
        ("a.md", "young bees"),
        ("b.html", "Honey keeps"),
        ("c.txt", "Smoke"),
        ("d.pdf", "in every cell"),
        ("latin.txt", "musée"),
        ("rows.csv", "Part: PN-2; Price: 0,10"),
    ] {
        let texts = chunks(&gateway, &of(name)["document"]).await;
        assert!(texts.len() == 1 && texts[0].contains(words), "{name}: {texts:?}");
    }
}

#[tokio::test]
async fn a_batch_of_lines_adds_documents_and_a_word_without_an_end_is_no_harm() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.embed_worker().await);
    let line = |n: usize| {
        let document = json!({"collection": "many", "source": n.to_string(), "text": format!("The hive number {n}.")});
        json!({"kind": "embed", "body": {"document": document}}).to_string() + "\n"
    };
    let lines: String = (0..50).map(line).collect();
    let answer = gateway.lines("/v1/jobs").body(lines).send().await.unwrap().text().await.unwrap();
    let batch: Value = serde_json::from_str(answer.lines().last().unwrap()).unwrap();
    let id = batch["batch"]["id"].as_str().or(batch["id"].as_str()).unwrap_or_else(|| panic!("{batch}"));
    let mut watch = tokio::process::Command::new(env!("CARGO_BIN_EXE_ruche"));
    watch.args(["batches", "watch", id]).env("RUCHE_URL", &gateway.url).env("RUCHE_KEY", &system.key);
    assert!(watch.output().await.unwrap().status.success());
    let (_, collection) = Running::json(gateway.get("/v1/collections/many")).await;
    assert_eq!(collection["documents"], 50, "{collection}");
    let word = add(&gateway, "word", &"a".repeat(1_000_000)).await;
    assert!(word["chunks"].as_u64().unwrap() > 100, "{word}");
}
