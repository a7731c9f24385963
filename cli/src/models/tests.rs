//! Which model is taken, and what is said where it can't be.

use std::collections::HashMap;

use super::*;

fn project() -> (tempfile::TempDir, Project) {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::find(Some(folder.path().to_owned())).unwrap();
    project.make().unwrap();
    (folder, project)
}

fn config(variables: &[(&str, &str)]) -> Config {
    let variables = variables.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Config::from_layers(None, Some(variables.collect::<HashMap<_, _>>())).unwrap()
}

/// A hub that is not there.
fn no_hub(project: &Project) -> Hub {
    Hub { endpoint: format!("http://127.0.0.1:{}", ruche_services::ports::free()), ..Hub::from_env(project.models()) }
}

const NO_FILE: Own<'_> = Own { setting: "embed.model_path", path: "", name: "" };

#[tokio::test]
async fn the_tiny_model_says_plainly_what_it_is() {
    let (_folder, project) = project();
    let chosen = chat(&project, &config(&[("RUCHE_MODELS__CHAT", "tiny")]), &no_hub(&project)).await.unwrap();
    assert_eq!(chosen.name, "tiny-chat-demo");
    assert!(chosen.path.is_file());
    assert!(chosen.note.unwrap().contains("tiny demo model"));
}

#[tokio::test]
async fn an_unknown_model_lists_the_known_ones() {
    let (_folder, project) = project();
    let error =
        chat(&project, &config(&[("RUCHE_MODELS__CHAT", "gpt-9")]), &no_hub(&project)).await.unwrap_err().to_string();
    assert!(error.contains("gpt-9") && error.contains("llama-3.2-1b") && error.contains("tiny"), "{error}");
}

#[tokio::test]
async fn an_own_file_is_taken_as_it_is_and_must_exist() {
    let (folder, project) = project();
    let file = folder.path().join("mine.gguf");
    let config = config(&[("RUCHE_CHAT__MODEL_PATH", &file.display().to_string())]);
    let error = chat(&project, &config, &no_hub(&project)).await.unwrap_err().to_string();
    assert!(error.contains("RUCHE_CHAT__MODEL_PATH"), "{error}");
    std::fs::write(&file, "x").unwrap();
    assert_eq!(chat(&project, &config, &no_hub(&project)).await.unwrap().name, "mine");
}

#[tokio::test]
async fn without_the_hub_the_embedding_model_of_the_wheel_stands_in_and_says_so() {
    let (_folder, project) = project();
    std::fs::copy(ruche_services::testing::embedding_model(), project.models().join("all-minilm-l6-v2.gguf")).unwrap();
    let hub = no_hub(&project);
    let chosen = embedding(&project, &config(&[]), &NO_FILE, &hub).await.unwrap();
    assert_eq!(chosen.name, "all-minilm-l6-v2");
    let note = chosen.note.unwrap();
    for part in ["English", "multilingual-e5-small", &hub.endpoint, "ruche models pull"] {
        assert!(note.contains(part), "{part} is missing in {note}");
    }
}

#[tokio::test]
async fn where_nothing_may_stand_in_the_error_says_what_can_be_done() {
    let (_folder, project) = project();
    let config = config(&[("RUCHE_MODELS__FALLBACK_TO_TINY", "false")]);
    for (error, parts) in [
        (chat(&project, &config, &no_hub(&project)).await, ["llama-3.2-1b", "RUCHE_MODELS__CHAT=tiny"]),
        (
            embedding(&project, &config, &NO_FILE, &no_hub(&project)).await,
            ["multilingual-e5-small", "RUCHE_MODELS__EMBEDDING=all-minilm-l6-v2"],
        ),
    ] {
        let error = format!("{:#}", error.unwrap_err());
        for part in parts.into_iter().chain(["fallback_to_tiny", "MODEL_PATH", "can't be reached"]) {
            assert!(error.contains(part), "{part} is missing in {error}");
        }
    }
}

#[tokio::test]
async fn a_model_is_not_taken_for_a_use_that_it_is_not_for() {
    let (_folder, project) = project();
    let hub = no_hub(&project);
    let error = embedding(&project, &config(&[("RUCHE_MODELS__EMBEDDING", "tiny")]), &NO_FILE, &hub).await.unwrap_err();
    let error = error.to_string();
    assert!(error.contains("models.embedding = tiny") && error.contains("bge-m3"), "{error}");
    assert!(!error.contains("mistral"), "only those that make vectors: {error}");
    let error = source(None, "gpt-9").err().unwrap().to_string();
    assert!(error.contains("mistral-7b") && error.contains("bge-m3"), "all can be pulled: {error}");
}

#[tokio::test]
async fn an_own_embedding_file_is_taken_as_it_is_and_must_exist() {
    let (folder, project) = project();
    let file = folder.path().join("mine.gguf").display().to_string();
    let own = Own { setting: "embed.model_path", path: &file, name: "ours" };
    let error = embedding(&project, &config(&[]), &own, &no_hub(&project)).await.unwrap_err().to_string();
    assert!(error.contains("RUCHE_EMBED__MODEL_PATH"), "{error}");
    std::fs::write(&file, "x").unwrap();
    assert_eq!(embedding(&project, &config(&[]), &own, &no_hub(&project)).await.unwrap().name, "ours");
}

#[test]
fn programs_are_told_of_the_models_that_there_are() {
    let model = |name: &str| Chosen { name: name.to_owned(), path: format!("/m/{name}.gguf").into(), note: None };
    let served = Served {
        chat: model("c"),
        embedding: Some(model("e")),
        next_embedding: Some(model("n")),
        rerank: Some(model("r")),
    };
    let settings = served.settings();
    assert!(settings.contains(&("RUCHE_EMBED__MODEL_PATH", "/m/e.gguf".to_owned())), "{settings:?}");
    assert!(settings.contains(&("RUCHE_EMBED__MODEL_NAME", "e".to_owned())), "{settings:?}");
    assert!(settings.contains(&("RUCHE_EMBED__NEXT_MODEL_PATH", "/m/n.gguf".to_owned())), "{settings:?}");
    assert!(settings.contains(&("RUCHE_EMBED__NEXT_MODEL_NAME", "n".to_owned())), "{settings:?}");
    assert!(settings.contains(&("RUCHE_RERANK__MODEL_PATH", "/m/r.gguf".to_owned())), "{settings:?}");
    assert!(settings.contains(&("RUCHE_RERANK__MODEL_NAME", "r".to_owned())), "{settings:?}");
    let settings = Served { embedding: None, next_embedding: None, rerank: None, ..served }.settings();
    assert!(settings.iter().all(|(key, _)| key.starts_with("RUCHE_CHAT__")), "{settings:?}");
}

#[tokio::test]
async fn the_reranker_is_the_one_that_was_asked_for_or_none() {
    let (folder, project) = project();
    let hub = no_hub(&project);
    let of = async |variables: &[(&str, &str)]| {
        rerank(&project, &config(variables), &hub).await.map_err(|error| format!("{error:#}"))
    };
    assert_eq!(of(&[]).await, Ok(None));
    let error = of(&[("RUCHE_MODELS__RERANK", "bge-reranker-v2-m3")]).await.unwrap_err();
    assert!(error.contains("unset RUCHE_MODELS__RERANK"), "nothing stands in for it: {error}");
    let error = of(&[("RUCHE_MODELS__RERANK", "bge-m3")]).await.unwrap_err();
    assert!(error.contains("models.rerank = bge-m3 is unknown: choose one of bge-reranker-v2-m3"), "{error}");
    let file = folder.path().join("mine.gguf").display().to_string();
    let own = [("RUCHE_RERANK__MODEL_PATH", &*file)];
    assert!(of(&own).await.unwrap_err().contains("RUCHE_RERANK__MODEL_PATH"));
    std::fs::write(&file, "x").unwrap();
    assert_eq!(of(&own).await.unwrap().unwrap().name, "mine");
}

#[tokio::test]
async fn the_next_embedding_model_is_the_one_that_was_asked_for_or_none() {
    let (folder, project) = project();
    let (hub, first) = (no_hub(&project), Chosen { name: "first".to_owned(), path: "/m".into(), note: None });
    let next = async |variables: &[(&str, &str)], first: &Chosen| {
        next_embedding(&project, &config(variables), first, &hub).await.map_err(|error| format!("{error:#}"))
    };
    assert_eq!(next(&[], &first).await, Ok(None));
    // Nothing stands in for it.
    let error = next(&[("RUCHE_MODELS__NEXT_EMBEDDING", "multilingual-e5-small")], &first).await.unwrap_err();
    assert!(error.contains("can't be reached") && error.contains("RUCHE_MODELS__NEXT_EMBEDDING"), "{error}");
    let error = next(&[("RUCHE_MODELS__NEXT_EMBEDDING", "tiny")], &first).await.unwrap_err();
    assert!(error.contains("bge-m3"), "{error}");
    let file = folder.path().join("mine.gguf");
    let own = [("RUCHE_EMBED__NEXT_MODEL_PATH", file.to_str().unwrap())];
    let error = next(&own, &first).await.unwrap_err();
    assert!(error.contains("embed.next_model_path") && error.contains("RUCHE_EMBED__NEXT_MODEL_PATH"), "{error}");
    std::fs::write(&file, "x").unwrap();
    assert_eq!(next(&own, &first).await.unwrap().unwrap().name, "mine");
    let same = Chosen { name: "mine".to_owned(), ..first };
    let error = next(&own, &same).await.unwrap_err();
    assert!(error.contains("mine is both") && error.contains("RUCHE_MODELS__EMBEDDING=mine"), "{error}");
}
