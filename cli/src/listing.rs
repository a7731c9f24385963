//! Lists: page by page from the gateway, as one table or one document; all of it as a stream.

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::{
    client::Client,
    output::{self, Column},
    values,
};

/// The most items of a request.
const PAGE: usize = 100;

/// The most items shown by default.
const USUAL: u32 = 50;

/// How much of a list.
#[derive(Debug, Args)]
pub(crate) struct Range {
    /// The most items to show.
    #[arg(long, default_value_t = USUAL, value_parser = values::whole::<u32>(1..=100_000))]
    limit: u32,
    /// Show all items; with --json one a line.
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// Start after this position: `next` of an earlier answer.
    #[arg(long)]
    after: Option<String>,
    /// Whether the list comes whole, and its operation takes no limit.
    #[arg(skip)]
    whole: bool,
}

impl Range {
    /// The defaults.
    pub(crate) const fn usual() -> Self {
        Self { limit: USUAL, all: false, after: None, whole: false }
    }

    /// All of a list that is always short.
    pub(crate) const fn short() -> Self {
        Self { limit: 100_000, all: false, after: None, whole: true }
    }
}

pub(crate) async fn show(
    client: &Client,
    json: bool,
    path: &[&str],
    filter: &[(&str, Option<String>)],
    range: &Range,
    columns: &[Column],
) -> Result<()> {
    let filter: Vec<_> = filter.iter().filter_map(|(name, value)| Some((*name, value.clone()?))).collect();
    let (mut after, mut shown, mut data) = (range.after.clone(), 0_usize, Vec::new());
    loop {
        let left = if range.all { PAGE } else { range.limit as usize - shown };
        let limit = (!range.whole).then(|| left.min(PAGE));
        let (items, next) = page(client, path, &filter, after.take(), limit).await?;
        let count = items.len();
        match (json, range.all) {
            (true, true) => items.iter().try_for_each(output::ndjson)?,
            (false, true) if count > 0 => output::line(&output::table(columns, &items, shown == 0))?,
            (_, true) => {}
            (_, false) => data.extend(items),
        }
        shown += count;
        after = next;
        let full = !range.all && shown >= range.limit as usize;
        if after.is_none() || full || count == 0 {
            break;
        }
    }
    if json && !range.all {
        return output::json(&json!({ "object": "list", "data": data, "has_more": after.is_some(), "next": after }));
    }
    if !data.is_empty() {
        output::line(&output::table(columns, &data, true))?;
    }
    match (shown, &after) {
        (0, _) => output::note("there are none"),
        (_, Some(next)) => output::note(&format!("there are more: --all shows all, --after {next} the next ones")),
        (_, None) => {}
    }
    Ok(())
}

/// One page, and where the next one begins. Without a limit, a list that comes whole.
pub(crate) async fn page(
    client: &Client,
    path: &[&str],
    filter: &[(&str, String)],
    after: Option<String>,
    limit: Option<usize>,
) -> Result<(Vec<Value>, Option<String>)> {
    let mut query = filter.to_vec();
    query.extend(limit.map(|limit| ("limit", limit.to_string())));
    query.extend(after.map(|after| ("after", after)));
    let mut answer = client.get(path, &query).await?;
    let next = match (&answer["has_more"], &answer["next"]) {
        (Value::Bool(false), _) | (_, Value::Null) => None,
        (_, Value::String(next)) => Some(next.clone()),
        (_, next) => Some(next.to_string()),
    };
    let items = match answer["data"].take() {
        Value::Array(items) => items,
        _ => Vec::new(),
    };
    Ok((items, next))
}
