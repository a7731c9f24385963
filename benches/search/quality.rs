//! How well searches rank, by `ruche eval retrieval`: part numbers, words in many spellings and languages, French
//! questions that mostly share no word with the text that answers, and Cranfield (1,400 abstracts, 225 questions)
//! where a folder with it is given.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use crate::{
    embed,
    servers::{self, Servers},
    system::{System, program},
    table::table,
};

const AT_ONCE: usize = 8;
const MODES: [&str; 3] = ["vector", "text", "hybrid"];

struct Set {
    name: &'static str,
    documents: PathBuf,
    questions: PathBuf,
    k: &'static str,
}

/// `model`: a GGUF file; default: all-MiniLM-L6-v2. `cranfield`: a folder with `cranfield-documents.jsonl.gz` and
/// `cranfield-questions.jsonl.gz`.
pub async fn measure(threads: u32, model: Option<PathBuf>, cranfield: Option<&Path>) -> Result<()> {
    let servers = servers::start().await?;
    let model = model.map_or_else(embed::model, |file| Ok(std::path::absolute(file)?))?;
    let system = embed::system(&servers, &model, threads).await?;
    let mut rows = table(&["set", "documents", "questions", "measure", "vector", "text", "hybrid"]);
    for set in sets(&servers, cranfield)? {
        let documents = load(&system, &set).await?;
        let measured = evaluate(&system, &set)?;
        let (name, measure) = if set.k == "1" { ("recall", "recall@1") } else { ("ndcg", "nDCG@10") };
        let of = |mode: &str| format!("{:.3}", measured["modes"][mode][name].as_f64().unwrap_or(f64::NAN));
        let head = [set.name.to_owned(), documents.to_string(), measured["questions"].to_string(), measure.to_owned()];
        rows.add_row(head.into_iter().chain(MODES.map(of)));
    }
    println!("{rows}");
    Ok(())
}

fn sets(servers: &Servers, cranfield: Option<&Path>) -> Result<Vec<Set>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("search/sets");
    let of = |folder: &Path, name: &'static str, k| Set {
        name,
        documents: folder.join(format!("{name}-documents.jsonl")),
        questions: folder.join(format!("{name}-questions.jsonl")),
        k,
    };
    let mut sets = vec![of(&folder, "codes", "1"), of(&folder, "words", "1"), of(&folder, "french", "10")];
    if let Some(packed) = cranfield {
        for part in ["documents", "questions"] {
            let file = packed.join(format!("cranfield-{part}.jsonl.gz"));
            let unpacked = Command::new("gunzip").arg("-c").arg(&file).output().context("gunzip can't be run")?;
            ensure!(unpacked.status.success(), "{} can't be unpacked", file.display());
            fs::write(servers.folder.join(format!("cranfield-{part}.jsonl")), unpacked.stdout)?;
        }
        sets.push(of(&servers.folder, "cranfield", "10"));
    }
    Ok(sets)
}

/// The number of documents, all of which can be found.
async fn load(system: &System, set: &Set) -> Result<usize> {
    let text = fs::read_to_string(&set.documents).with_context(|| format!("{}", set.documents.display()))?;
    let documents: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let count = documents.len();
    let added = stream::iter(documents).map(|mut document| async move {
        document["collection"] = json!(set.name);
        let request = system.client.post(format!("{}/v1/documents?wait=true", system.url)).bearer_auth(&system.key);
        let response = request.json(&document).send().await?;
        ensure!(response.status().is_success(), "{}: {}", response.status(), response.text().await?);
        Ok(())
    });
    added.buffer_unordered(AT_ONCE).try_for_each(|()| async { Ok(()) }).await?;
    Ok(count)
}

fn evaluate(system: &System, set: &Set) -> Result<Value> {
    let mut command = Command::new(program("ruche")?);
    command.args(["eval", "retrieval", "--json", "--documents", "-k", set.k, "--collection", set.name]);
    command.arg(&set.questions).env("RUCHE_URL", &system.url).env("RUCHE_KEY", &system.key);
    let output = command.output().context("ruche can't be run")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}
