//! The final state of Postgres, read with its own `psql`, so that no code under test takes part.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use ruche_schemas::{Claim, config};
use ruche_services::tools::Tools;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Row {
    pub id: Uuid,
    /// `done`, `failed` or `cancelled`.
    pub state: String,
    pub attempt: u32,
    /// Its output, or its failure; null if the object store has it.
    pub data: Value,
    /// The claim of an offloaded output.
    pub claim: Option<Claim>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct Counted {
    pub done: u64,
    pub failed: u64,
}

#[derive(Debug, Default)]
pub struct Rows {
    pub jobs: HashMap<Uuid, Vec<Row>>,
    /// How many messages each job has stored, in a table that would take a second one.
    pub messages: HashMap<Uuid, u64>,
    /// The groups' counts: each commit of a member adds one.
    pub groups: HashMap<Uuid, Counted>,
}

pub async fn read(settings: &config::Postgres) -> Result<Rows> {
    let mut rows = Rows::default();
    for row in select::<Row>(settings, "SELECT id, state, attempt, data, claim FROM {}.jobs").await? {
        rows.jobs.entry(row.id).or_default().push(row);
    }
    #[derive(Deserialize)]
    struct Messages {
        job: Uuid,
        count: u64,
    }
    let messages = "SELECT job, count(*) AS count FROM {}.messages GROUP BY job";
    rows.messages = select(settings, messages).await?.into_iter().map(|Messages { job, count }| (job, count)).collect();
    #[derive(Deserialize)]
    struct Group {
        id: Uuid,
        #[serde(flatten)]
        counted: Counted,
    }
    let groups = "SELECT id, done, failed FROM {}.groups";
    rows.groups = select(settings, groups).await?.into_iter().map(|Group { id, counted }| (id, counted)).collect();
    Ok(rows)
}

/// `{}` in the query stands for the schema.
async fn select<T: DeserializeOwned>(settings: &config::Postgres, query: &str) -> Result<Vec<T>> {
    let query = query.replace("{}", &settings.schema);
    let mut psql = tokio::process::Command::new(Tools::find()?.postgres_bin.join("psql"));
    psql.args(["-XAtq", "-c", &format!("SELECT row_to_json(found) FROM ({query}) AS found"), &settings.url.0]);
    let output = psql.output().await.context("psql can't be run")?;
    ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
    let lines = std::str::from_utf8(&output.stdout)?.lines();
    lines.map(|line| serde_json::from_str(line).with_context(|| format!("a row can't be read: {line}"))).collect()
}
