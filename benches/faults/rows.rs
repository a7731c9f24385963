//! What Postgres holds in the end, read with its own `psql`: none of the code that is being tried takes part.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use ruche_schemas::{Claim, config};
use ruche_services::tools::Tools;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

/// A job's row.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Row {
    /// The job.
    pub id: Uuid,
    /// `done`, `failed` or `cancelled`.
    pub state: String,
    pub attempt: u32,
    /// Its output, or its failure; null where the object store has it.
    pub data: Value,
    /// What the object store has of it.
    pub claim: Option<Claim>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct Counted {
    /// How many ended well.
    pub done: u64,
    /// How many ended badly.
    pub failed: u64,
}

/// Everything that the jobs left.
#[derive(Debug, Default)]
pub struct Rows {
    pub jobs: HashMap<Uuid, Vec<Row>>,
    /// How many messages each job has left, in a table that would take a second one.
    pub messages: HashMap<Uuid, u64>,
    /// What the groups have counted: each commit of a member adds one.
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

/// The rows of a query, in which `{}` stands for the schema.
async fn select<T: DeserializeOwned>(settings: &config::Postgres, query: &str) -> Result<Vec<T>> {
    let query = query.replace("{}", &settings.schema);
    let mut psql = tokio::process::Command::new(Tools::find()?.postgres_bin.join("psql"));
    psql.args(["-XAtq", "-c", &format!("SELECT row_to_json(found) FROM ({query}) AS found"), &settings.url.0]);
    let output = psql.output().await.context("psql can't be run")?;
    ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
    let lines = std::str::from_utf8(&output.stdout)?.lines();
    lines.map(|line| serde_json::from_str(line).with_context(|| format!("a row can't be read: {line}"))).collect()
}
