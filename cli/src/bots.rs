//! `ruche bots`: chat assistants with instructions and collections of their own.

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use clap::{Args, Subcommand, builder::PossibleValuesParser};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    access::Access,
    client::{Client, fields},
    items::{self, Deleted},
    listing::{self, Range},
    output::{self, Column, field, when},
    project::Project,
    refused::Refused,
    values,
};

/// Bots.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List bots by name.
    List,
    /// Show a bot with all its fields.
    Show {
        /// Its name.
        name: String,
    },
    /// Create a bot. To chat with it, use the model `bot:NAME`.
    Create(Box<Bot>),
    /// Change some fields of a bot; the others stay.
    Update(Box<Bot>),
    /// Delete a bot. Its collections and conversations stay.
    Delete {
        /// Its name.
        name: String,
        /// Don't ask.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
struct Bot {
    /// Its name.
    name: String,
    /// The whole bot, or the fields to change, as a JSON file, `-` for standard input; `null` restores a default. Other
    /// options override it.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The instructions, before everything else in the prompt.
    #[arg(long, value_name = "TEXT")]
    instructions: Option<String>,
    /// Read the instructions from this file.
    #[arg(long, value_name = "FILE", conflicts_with = "instructions")]
    instructions_file: Option<PathBuf>,
    /// The chat model that answers.
    #[arg(long)]
    model: Option<String>,
    /// The temperature used if a chat keeps the default of 1.
    #[arg(long)]
    temperature: Option<f64>,
    /// A collection that it searches for answers. Repeat it for several. The given ones replace the earlier ones.
    #[arg(long = "collection", value_name = "NAME")]
    collections: Vec<String>,
    /// The most passages.
    #[arg(long)]
    top_k: Option<u32>,
    /// The most tokens of the prompt that passages may take.
    #[arg(long, value_name = "N")]
    passage_tokens: Option<u32>,
    /// The ranking of passages.
    #[arg(long, value_parser = PossibleValuesParser::new(["hybrid", "vector", "text"]))]
    mode: Option<String>,
    /// Passages whose cosine with the question is lower are left out (-1 to 1).
    #[arg(long, allow_negative_numbers = true)]
    min_score: Option<f64>,
    /// The answer if nothing is found.
    #[arg(long, value_name = "TEXT")]
    nothing_found: Option<String>,
    /// Whether the model first rewrites follow-up questions so that they stand alone. Use it with a large model.
    #[arg(long, value_name = "true|false")]
    rewrite: Option<bool>,
    /// Whether a reranker orders the passages, if a worker has one.
    #[arg(long, value_name = "true|false")]
    rerank: Option<bool>,
    /// The most tokens of an answer.
    #[arg(long, value_name = "N")]
    max_tokens: Option<u32>,
    /// The most chats a minute, at each gateway.
    #[arg(long, value_name = "N")]
    per_minute: Option<u32>,
    /// The displayed name.
    #[arg(long)]
    title: Option<String>,
    /// The greeting.
    #[arg(long)]
    greeting: Option<String>,
    /// Its colour, as #rrggbb.
    #[arg(long)]
    colour: Option<String>,
}

const COLUMNS: &[Column] = &[
    ("name", |bot| field(bot, "name")),
    ("title", |bot| field(&bot["look"], "title")),
    ("model", |bot| field(bot, "model")),
    ("collections", collections),
    ("changed", |bot| when(bot, "updated_at")),
];

pub(crate) async fn run(project: &Project, arguments: Arguments) -> Result<ExitCode> {
    let client = arguments.access.client(project)?;
    let json = arguments.access.json;
    match arguments.command.unwrap_or(Command::List) {
        Command::List => listing::show(&client, json, &["bots"], &[], &Range::short(), COLUMNS).await?,
        Command::Show { name } => print(json, &client.get(&["bots", &name], &[]).await?)?,
        Command::Create(bot) => create(&client, json, *bot).await?,
        Command::Update(bot) => update(&client, json, *bot).await?,
        Command::Delete { name, yes } => {
            let what = format!("the bot {name}");
            let deleted = Deleted { path: &["bots", &name], query: &[], key: "name", name: &name, what };
            items::delete(&client, json, yes, deleted).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn create(client: &Client, json: bool, bot: Bot) -> Result<()> {
    let name = bot.name.clone();
    let mut body = bot.body()?;
    body["name"] = Value::String(name);
    print(json, &client.post(&["bots"], &body).await?)
}

async fn update(client: &Client, json: bool, bot: Bot) -> Result<()> {
    let name = bot.name.clone();
    let body = bot.body()?;
    if body.as_object().is_none_or(serde_json::Map::is_empty) {
        return Err(Refused::usage(
            "nothing is to change: say what, as in --instructions, or name a --file".to_owned(),
        ));
    }
    print(json, &client.call(Method::PATCH, &["bots", &name], &[], Some(&body)).await?)
}

impl Bot {
    fn body(self) -> Result<Value> {
        let text = self.file.as_deref().filter(|file| file.as_os_str() == "-").map(|_| "-");
        let file = self.file.as_deref().filter(|_| text.is_none());
        let mut body = values::document(text, file)?.unwrap_or_else(|| json!({}));
        if !body.is_object() {
            return Err(Refused::usage("a bot is a JSON object, as `ruche bots show NAME --json` has it".to_owned()));
        }
        let instructions = match (&self.instructions, &self.instructions_file) {
            (Some(text), _) => Some(text.clone()),
            (None, Some(file)) => {
                Some(fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))?)
            }
            (None, None) => None,
        };
        let changes = fields([
            ("instructions", instructions.map(Value::String)),
            ("model", self.model.map(Value::String)),
            ("temperature", self.temperature.map(|value| json!(value))),
            ("collections", (!self.collections.is_empty()).then(|| json!(self.collections))),
            ("rewrite", self.rewrite.map(Value::Bool)),
        ]);
        let retrieval = fields([
            ("top_k", self.top_k.map(|value| json!(value))),
            ("max_tokens", self.passage_tokens.map(|value| json!(value))),
            ("mode", self.mode.map(Value::String)),
            ("min_score", self.min_score.map(|value| json!(value))),
            ("rerank", self.rerank.map(Value::Bool)),
            ("nothing_found", self.nothing_found.map(Value::String)),
        ]);
        let limits = fields([
            ("max_tokens", self.max_tokens.map(|value| json!(value))),
            ("requests_per_minute", self.per_minute.map(|value| json!(value))),
        ]);
        let look = fields([
            ("title", self.title.map(Value::String)),
            ("greeting", self.greeting.map(Value::String)),
            ("colour", self.colour.map(Value::String)),
        ]);
        put(&mut body, changes);
        for (name, part) in [("retrieval", retrieval), ("limits", limits), ("look", look)] {
            if part.as_object().is_some_and(|fields| !fields.is_empty()) {
                if !body[name].is_object() {
                    body[name] = json!({});
                }
                put(&mut body[name], part);
            }
        }
        // The gateway adds these; they can't be set.
        if let Some(fields) = body.as_object_mut() {
            ["id", "object", "created_at", "updated_at"].into_iter().for_each(|name| drop(fields.remove(name)));
        }
        Ok(body)
    }
}

fn put(into: &mut Value, fields: Value) {
    if let Value::Object(fields) = fields {
        fields.into_iter().for_each(|(name, value)| into[name] = value);
    }
}

fn collections(bot: &Value) -> String {
    let names: Vec<&str> = bot["collections"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(", ") }
}

fn print(json: bool, bot: &Value) -> Result<()> {
    if json {
        return output::json(bot);
    }
    output::text(&output::sheet(COLUMNS, bot))?;
    let shown = ["instructions", "temperature", "retrieval", "rewrite", "moderation", "limits", "look"];
    let rest: serde_json::Map<String, Value> =
        shown.into_iter().map(|name| (name.to_owned(), bot[name].clone())).collect();
    output::text("\n").and_then(|()| output::json(&Value::Object(rest)))
}
