//! Which model is chosen, and the errors if there is none.

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

/// A hub that can't be reached.
fn no_hub(project: &Project) -> Hub {
    Hub { endpoint: format!("http://127.0.0.1:{}", ruche_services::ports::free()), ..Hub::from_env(project.models()) }
}

fn slot(name: &str) -> (Kind, &'static ModelSlot) {
    let all = ruche_schemas::kinds::all().into_iter();
    let mut slots = all.flat_map(|kind| kind.models.iter().map(move |slot| (kind.kind.clone(), slot)));
    slots.find(|(_, slot)| slot.name == name).unwrap()
}

async fn chosen(name: &str, project: &Project, config: &Config, hub: &Hub) -> Result<Option<Chosen>> {
    let (kind, slot) = slot(name);
    choose(project, config, &kind, slot, hub).await
}

async fn model(name: &str, project: &Project, config: &Config) -> Result<Chosen> {
    Ok(chosen(name, project, config, &no_hub(project)).await?.unwrap())
}

#[tokio::test]
async fn the_tiny_model_says_plainly_what_it_is() {
    let (_folder, project) = project();
    let chosen = model("chat", &project, &config(&[("RUCHE_MODELS__CHAT", "tiny")])).await.unwrap();
    assert_eq!(chosen.name, "tiny-chat-demo");
    assert!(chosen.path.is_file());
    assert!(chosen.note.unwrap().contains("tiny demo model"));
}

#[tokio::test]
async fn an_unknown_model_lists_the_known_ones() {
    let (_folder, project) = project();
    let error = model("chat", &project, &config(&[("RUCHE_MODELS__CHAT", "gpt-9")])).await.unwrap_err().to_string();
    assert!(error.contains("gpt-9") && error.contains("llama-3.2-1b") && error.contains("tiny"), "{error}");
}

#[tokio::test]
async fn an_own_file_is_taken_as_it_is_and_must_exist() {
    let (folder, project) = project();
    let file = folder.path().join("mine.gguf");
    let config = config(&[("RUCHE_CHAT__MODEL_PATH", &file.display().to_string())]);
    let error = model("chat", &project, &config).await.unwrap_err().to_string();
    assert!(error.contains("RUCHE_CHAT__MODEL_PATH"), "{error}");
    std::fs::write(&file, "x").unwrap();
    assert_eq!(model("chat", &project, &config).await.unwrap().name, "mine");
}

#[tokio::test]
async fn without_the_hub_the_embedding_model_of_the_wheel_stands_in_and_says_so() {
    let (_folder, project) = project();
    std::fs::copy(ruche_services::testing::embedding_model(), project.models().join("all-minilm-l6-v2.gguf")).unwrap();
    let hub = no_hub(&project);
    let chosen = chosen("embedding", &project, &config(&[]), &hub).await.unwrap().unwrap();
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
        (model("chat", &project, &config).await, ["llama-3.2-1b", "RUCHE_MODELS__CHAT = smollm2-135m or tiny"]),
        (
            model("embedding", &project, &config).await,
            ["multilingual-e5-small", "RUCHE_MODELS__EMBEDDING = all-minilm-l6-v2 or multilingual-e5-small-q4"],
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
    let error = model("embedding", &project, &config(&[("RUCHE_MODELS__EMBEDDING", "tiny")])).await.unwrap_err();
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
    let config = config(&[("RUCHE_EMBED__MODEL_PATH", &file), ("RUCHE_EMBED__MODEL_NAME", "ours")]);
    let error = model("embedding", &project, &config).await.unwrap_err().to_string();
    assert!(error.contains("RUCHE_EMBED__MODEL_PATH"), "{error}");
    std::fs::write(&file, "x").unwrap();
    assert_eq!(model("embedding", &project, &config).await.unwrap().name, "ours");
}

#[test]
fn programs_are_told_of_the_models_that_there_are() {
    let served = |name: &str| {
        let (kind, slot) = slot(name);
        let chosen = Chosen { name: name.to_owned(), path: format!("/m/{name}.gguf").into(), note: None };
        Served { kind, slot, chosen }.settings().map(|(key, value)| format!("{key}={value}"))
    };
    assert_eq!(served("chat"), ["RUCHE_CHAT__MODEL_PATH=/m/chat.gguf", "RUCHE_CHAT__MODEL_NAME=chat"]);
    assert_eq!(served("bots"), ["RUCHE_CHAT__BOTS_MODEL_PATH=/m/bots.gguf", "RUCHE_CHAT__BOTS_MODEL_NAME=bots"],);
    assert_eq!(served("embedding"), ["RUCHE_EMBED__MODEL_PATH=/m/embedding.gguf", "RUCHE_EMBED__MODEL_NAME=embedding"]);
    assert_eq!(
        served("next_embedding"),
        ["RUCHE_EMBED__NEXT_MODEL_PATH=/m/next_embedding.gguf", "RUCHE_EMBED__NEXT_MODEL_NAME=next_embedding"]
    );
    assert_eq!(served("rerank"), ["RUCHE_RERANK__MODEL_PATH=/m/rerank.gguf", "RUCHE_RERANK__MODEL_NAME=rerank"]);
}

#[tokio::test]
async fn the_reranker_is_the_one_that_was_asked_for_or_none() {
    let (folder, project) = project();
    let hub = no_hub(&project);
    let of = async |variables: &[(&str, &str)]| {
        chosen("rerank", &project, &config(variables), &hub).await.map_err(|error| format!("{error:#}"))
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
    let hub = no_hub(&project);
    let next = async |variables: &[(&str, &str)]| {
        chosen("next_embedding", &project, &config(variables), &hub).await.map_err(|error| format!("{error:#}"))
    };
    assert_eq!(next(&[]).await, Ok(None));
    let error = next(&[("RUCHE_MODELS__NEXT_EMBEDDING", "multilingual-e5-small")]).await.unwrap_err();
    assert!(error.contains("can't be reached") && error.contains("unset RUCHE_MODELS__NEXT_EMBEDDING"), "{error}");
    let error = next(&[("RUCHE_MODELS__NEXT_EMBEDDING", "tiny")]).await.unwrap_err();
    assert!(error.contains("bge-m3"), "{error}");
    let file = folder.path().join("mine.gguf");
    let own = [("RUCHE_EMBED__NEXT_MODEL_PATH", file.to_str().unwrap())];
    let error = next(&own).await.unwrap_err();
    assert!(error.contains("embed.next_model_path") && error.contains("RUCHE_EMBED__NEXT_MODEL_PATH"), "{error}");
    std::fs::write(&file, "x").unwrap();
    assert_eq!(next(&own).await.unwrap().unwrap().name, "mine");
}

#[tokio::test]
async fn two_models_of_a_kind_have_different_names() {
    let (folder, project) = project();
    let file = folder.path().join("mine.gguf").display().to_string();
    std::fs::write(&file, "x").unwrap();
    let config = config(&[("RUCHE_EMBED__MODEL_PATH", &file), ("RUCHE_EMBED__NEXT_MODEL_PATH", &file)]);
    let (embed, _) = slot("embedding");
    let kinds: Vec<_> = ruche_schemas::kinds::all().into_iter().filter(|kind| kind.kind == embed).collect();
    let error = served(&project, &config, &kinds).await.unwrap_err().to_string();
    assert!(error.contains("mine is both") && error.contains("RUCHE_MODELS__EMBEDDING=mine"), "{error}");
}

async fn of_chat(project: &Project, variables: &[(&str, &str)]) -> Vec<(&'static str, String)> {
    let (chat, _) = slot("chat");
    let kinds: Vec<_> = ruche_schemas::kinds::all().into_iter().filter(|kind| kind.kind == chat).collect();
    let served = served(project, &config(variables), &kinds).await.unwrap();
    served.into_iter().map(|model| (model.slot.name, model.chosen.name)).collect()
}

#[tokio::test]
async fn bots_have_a_model_of_their_own_only_where_one_is_chosen() {
    let (folder, project) = project();
    let file = folder.path().join("mine.gguf");
    std::fs::write(&file, "x").unwrap();
    let own = ("RUCHE_CHAT__MODEL_PATH", file.to_str().unwrap());
    assert_eq!(of_chat(&project, &[own]).await, [("chat", "mine".to_owned())]);
    let tiny = || ("bots", "tiny-chat-demo".to_owned());
    assert_eq!(of_chat(&project, &[own, ("RUCHE_MODELS__BOTS", "tiny")]).await, [("chat", "mine".to_owned()), tiny()]);
    let both = [("RUCHE_MODELS__CHAT", "tiny"), ("RUCHE_MODELS__BOTS", "tiny")];
    assert_eq!(of_chat(&project, &both).await, [("chat", "tiny-chat-demo".to_owned())], "one worker does both");
}

/// Where the small chat model was fetched: `ruche models pull smollm2-135m`.
#[tokio::test]
async fn beside_the_small_chat_model_bots_get_the_one_that_quotes() {
    let Some(file) = ruche_services::testing::small_chat_model() else { return };
    let (_folder, project) = project();
    std::fs::copy(file, project.models().join("smollm2-135m.gguf")).unwrap();
    let smollm2 = ("RUCHE_MODELS__CHAT", "smollm2-135m");
    let first = ("chat", "smollm2-135m-instruct".to_owned());
    assert_eq!(of_chat(&project, &[smollm2]).await, [first.clone(), ("bots", "tiny-chat-demo".to_owned())]);
    assert_eq!(of_chat(&project, &[smollm2, ("RUCHE_MODELS__BOTS", "smollm2-135m")]).await, [first]);
}
