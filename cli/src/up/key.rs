//! The development key: made at the first start, kept in `.ruche/dev.env`, made again if the database forgot it.

use std::{fs, time::Duration};

use anyhow::{Context, Result};
use ruche_services::nats::write_private;

use super::{beside, plan::Plan};
use crate::{oneoff, project::Project};

const PATIENCE: Duration = Duration::from_secs(60);

/// The key that works now; `.ruche/dev.env` has it and the URL.
pub(super) async fn development(project: &Project, plan: &Plan) -> Result<String> {
    let file = project.dev_env();
    let known = fs::read_to_string(&file).ok().and_then(|text| value(&text, "RUCHE_KEY"));
    let key = match known {
        Some(key) if is_accepted(&plan.url(), &key).await => key,
        _ => create(project, plan).await?,
    };
    write_private(&file, &format!("RUCHE_URL={}\nRUCHE_KEY={key}\n", plan.url()))
        .with_context(|| format!("{} can't be written", file.display()))?;
    Ok(key)
}

async fn create(project: &Project, plan: &Plan) -> Result<String> {
    let arguments = ["keys", "create", "--tenant", "dev", "--name", "dev"];
    let program = beside("ruche-gateway")?;
    let output = oneoff::run(&program, &arguments, &plan.settings(), &project.log("keys"), PATIENCE).await?;
    let key = output.lines().last().unwrap_or_default().trim().to_owned();
    anyhow::ensure!(key.starts_with("rk_"), "`ruche-gateway keys create` printed no key");
    Ok(key)
}

/// False only if the gateway says that it doesn't know the key: any other trouble is not the key's fault.
async fn is_accepted(url: &str, key: &str) -> bool {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).no_proxy().build();
    let Ok(client) = client else { return true };
    let answer = client.get(format!("{url}/v1/models")).bearer_auth(key).send().await;
    answer.map_or(true, |answer| answer.status() != reqwest::StatusCode::UNAUTHORIZED)
}

/// The value of `NAME=value` in a file of such lines.
fn value(text: &str, name: &str) -> Option<String> {
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    found.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_from_its_own_line() {
        let text = "RUCHE_URL=http://127.0.0.1:8080\nRUCHE_KEY=rk_a_b\nEMPTY=\n";
        assert_eq!(value(text, "RUCHE_KEY").as_deref(), Some("rk_a_b"));
        assert_eq!(value(text, "RUCHE"), None);
        assert_eq!(value(text, "EMPTY"), None);
    }
}
