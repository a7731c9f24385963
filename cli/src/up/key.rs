//! The development key: made at the first start, stored in `.ruche/dev.env`, made again if the database lacks it.

use std::time::Duration;

use anyhow::{Context, Result};
use ruche_services::files::write_private;

use super::{beside, plan::Plan};
use crate::{oneoff, project::Project};

const TIMEOUT: Duration = Duration::from_secs(60);

/// The valid key; `.ruche/dev.env` has it and the URL.
pub(super) async fn development(project: &Project, plan: &Plan) -> Result<String> {
    let file = project.dev_env();
    let key = match project.dev_value("RUCHE_KEY") {
        Some(key) if is_accepted(&plan.url(), &key).await => key,
        _ => create(project, plan).await?,
    };
    write_private(&file, &format!("RUCHE_URL={}\nRUCHE_KEY={key}\n", plan.url()))
        .with_context(|| format!("{} can't be written", file.display()))?;
    Ok(key)
}

async fn create(project: &Project, plan: &Plan) -> Result<String> {
    let arguments = ["keys", "create", "--tenant", "dev", "--name", "dev", "--role", "admin"];
    let program = beside("ruche-gateway")?;
    let output = oneoff::run(&program, &arguments, &plan.settings(), &project.log("keys"), TIMEOUT).await?;
    let key = output.lines().last().unwrap_or_default().trim().to_owned();
    anyhow::ensure!(key.starts_with("rk_"), "`ruche-gateway keys create` printed no key");
    Ok(key)
}

/// False only if the gateway doesn't know the key, or not as an admin's (keys made before there were roles are not):
/// other errors are not the key's fault.
async fn is_accepted(url: &str, key: &str) -> bool {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).no_proxy().build();
    let Ok(client) = client else { return true };
    let answer = client.get(format!("{url}/v1/pauses")).bearer_auth(key).send().await;
    answer.map_or(true, |answer| !matches!(answer.status().as_u16(), 401 | 403))
}
