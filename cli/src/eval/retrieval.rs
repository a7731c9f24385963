//! `ruche eval retrieval`: sends every question in every mode, and measures the results.

use std::{collections::BTreeSet, path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Args;
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use super::{
    measure::{Quality, mean, quality},
    set::{self, Question},
};
use crate::{
    client::Client,
    output::{self, clean},
    refused::Refused,
    search::{self, Mode},
    values,
};

const AT_ONCE: usize = 4;
/// Chunks that are read for each document that counts.
const CHUNKS: u32 = 5;
/// The most hits of a search.
const MOST: u32 = 100;

/// Which questions, where.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The questions, one a line.
    file: PathBuf,
    /// The collection to search in. Repeat it for several.
    #[arg(short, long = "collection", required = true, value_name = "NAME")]
    collections: Vec<String>,
    /// How many chunks count.
    #[arg(short, default_value_t = 10, value_parser = values::whole::<u32>(1..=100))]
    k: u32,
    /// Count documents instead of chunks, each at its best chunk.
    #[arg(long)]
    documents: bool,
    /// Measure only this ranking. Default: vector, text and hybrid.
    #[arg(long, value_enum)]
    mode: Option<Mode>,
    /// Let a reranker order the best hits: 30, or this many.
    #[arg(long, value_name = "HITS", num_args = 0..=1, default_missing_value = "30", value_parser = values::whole::<u32>(1..=100))]
    rerank: Option<u32>,
    /// List the questions whose expected source was not found, and the sources found instead.
    #[arg(long)]
    misses: bool,
}

struct Measured {
    mode: Mode,
    quality: Quality,
    misses: Vec<Value>,
}

pub(super) async fn run(client: &Client, json: bool, arguments: &Arguments) -> Result<ExitCode> {
    let questions = set::read(&arguments.file)?;
    let modes = arguments.mode.map_or_else(|| vec![Mode::Vector, Mode::Text, Mode::Hybrid], |mode| vec![mode]);
    let mut measured = Vec::new();
    for mode in modes {
        measured.push(measure(client, arguments, &questions, mode).await?);
    }
    match json {
        true => output::json(&document(arguments, questions.len(), &measured))?,
        false => output::text(&shown(arguments, questions.len(), &measured))?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn measure(client: &Client, arguments: &Arguments, questions: &[Question], mode: Mode) -> Result<Measured> {
    let asked = stream::iter(questions).map(|question| async move {
        let found = found(client, arguments, question, mode).await;
        found.map_err(|error| error.context(format!("the question {}", clean(&question.name))))
    });
    let all: Vec<Vec<String>> = asked.buffered(AT_ONCE).try_collect().await?;
    let k = arguments.k as usize;
    let each: Vec<Quality> =
        all.iter().zip(questions).map(|(found, question)| quality(found, &question.expected, k)).collect();
    let missed = all.iter().zip(questions).zip(&each).filter(|(_, quality)| quality.recall < 1.0);
    let misses = missed.map(|((found, question), _)| {
        json!({ "id": question.name, "question": question.text, "expected": question.expected, "found": found })
    });
    Ok(Measured { mode, quality: mean(&each), misses: misses.collect() })
}

/// The sources of the chunks or documents, best first.
async fn found(client: &Client, arguments: &Arguments, question: &Question, mode: Mode) -> Result<Vec<String>> {
    let chunks = if arguments.documents { (arguments.k * CHUNKS).min(MOST) } else { arguments.k };
    let body = search::body(&question.text, &arguments.collections, mode, chunks, arguments.rerank);
    let answer = search::ask(client, &body).await?;
    let hits = answer["data"].as_array().cloned().unwrap_or_default();
    let reranked = arguments.rerank.is_none() || hits.is_empty() || answer["reranker"].is_string();
    if answer["mode"] != mode.as_str() || !reranked {
        let notes: Vec<_> = answer["notes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let what = if reranked { format!("searched by {}", mode.as_str()) } else { "reranked".to_owned() };
        let why = format!("it was not {what}: {}", notes.join("; "));
        return Err(Refused::because(clean(&why)));
    }
    let mut sources: Vec<String> = hits.iter().filter_map(|hit| hit["source"].as_str()).map(str::to_owned).collect();
    if arguments.documents {
        let mut seen = BTreeSet::new();
        sources.retain(|source| seen.insert(source.clone()));
    }
    Ok(sources)
}

fn document(arguments: &Arguments, questions: usize, measured: &[Measured]) -> Value {
    let mut modes = json!({});
    for Measured { mode, quality: Quality { recall, reciprocal, gain }, misses } in measured {
        modes[mode.as_str()] = json!({ "recall": recall, "mrr": reciprocal, "ndcg": gain, "missed": misses.len() });
        if arguments.misses {
            modes[mode.as_str()]["misses"] = json!(misses);
        }
    }
    let (k, collections, reranked) = (arguments.k, &arguments.collections, arguments.rerank.is_some());
    let counted = counted(arguments);
    json!({
        "questions": questions, "k": k, "counted": counted, "collections": collections, "reranked": reranked, "modes": modes
    })
}

const fn counted(arguments: &Arguments) -> &'static str {
    if arguments.documents { "documents" } else { "chunks" }
}

fn shown(arguments: &Arguments, questions: usize, measured: &[Measured]) -> String {
    let k = arguments.k;
    let reranked = arguments.rerank.map_or_else(String::new, |hits| format!(", the best {hits} reranked"));
    let mut shown = format!("{questions} questions, the first {k} {} of each{reranked}\n\n", counted(arguments));
    shown += &format!(
        "{:8}  {:>10}  {:>10}  {:>10}  missed\n",
        "mode",
        format!("recall@{k}"),
        format!("MRR@{k}"),
        format!("nDCG@{k}")
    );
    for Measured { mode, quality: Quality { recall, reciprocal, gain }, misses } in measured {
        let mode = mode.as_str();
        shown += &format!("{mode:8}  {recall:>10.3}  {reciprocal:>10.3}  {gain:>10.3}  {:>6}\n", misses.len());
    }
    for Measured { mode, misses, .. } in measured.iter().filter(|_| arguments.misses) {
        for miss in misses {
            let list = |name: &str| {
                let all: Vec<_> = miss[name].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
            };
            let (name, text) = (output::field(miss, "id"), output::field(miss, "question"));
            let line =
                format!("{}: {name}: {text}  expected {}, found {}", mode.as_str(), list("expected"), list("found"));
            shown += &format!("\n{}", clean(&line));
        }
    }
    shown.trim_end().to_owned() + "\n"
}
