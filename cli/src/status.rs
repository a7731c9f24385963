//! `ruche status`: what runs, since when, and whether it is ready.

use std::process::ExitCode;

use anyhow::Result;
use comfy_table::{Table, presets::NOTHING};
use ruche_services::{ready, tools::Tools};
use serde_json::{Value, json};

use crate::{
    access::Access,
    client::Client,
    output::{self, clean_lines},
    project::Project,
    state::{Child, State, now},
};

/// Succeeds only if the gateway says that it is ready.
pub(crate) async fn run(project: &Project, access: &Access) -> Result<ExitCode> {
    let (state, as_json) = (project.is_running().then(|| State::read(&project.state())).flatten(), access.json);
    let own = state.as_ref().and_then(|state| state.url.as_deref()).map(|url| url.trim_end_matches('/'));
    if let Some(url) = access.given_url().filter(|url| Some(url.trim_end_matches('/')) != own) {
        return at(url, project, access).await;
    }
    let Some(state) = state else {
        match as_json {
            true => output::ndjson(&json!({ "running": false, "ready": false, "data": project.data }))?,
            false => output::line(&format!("Ruche does not run on {}. `ruche up` starts it.", project.data.display()))?,
        }
        return Ok(ExitCode::FAILURE);
    };
    let (ready, why) = readiness(&state).await;
    if as_json {
        let mut value = serde_json::to_value(&state)?;
        let more = json!({ "running": true, "ready": ready, "readyz": why, "data": project.data });
        if let (Some(value), Some(more)) = (value.as_object_mut(), more.as_object()) {
            value.extend(more.clone());
        }
        output::json(&value)?;
    } else {
        print_table(project, &state, ready, &why)?;
    }
    Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Another Ruche than the project's: whether it is ready, and, with a key, its models.
async fn at(url: &str, project: &Project, access: &Access) -> Result<ExitCode> {
    let (client, has_key) = match access.client(project) {
        Ok(client) => (client, true),
        Err(_) => (Client::new(url, String::new())?, false),
    };
    let (running, ready, why) = match client.readiness().await {
        Ok((ready, why)) => (true, ready, why),
        Err(error) => (false, false, format!("{error:#}")),
    };
    let models = match ready && has_key {
        true => client.get(&["models"], &[]).await?["data"].take(),
        false => Value::Null,
    };
    let names: Vec<&str> = models.as_array().into_iter().flatten().filter_map(|model| model["id"].as_str()).collect();
    if access.json {
        let models = has_key.then_some(&names);
        output::json(&json!({ "running": running, "ready": ready, "readyz": why, "url": url, "models": models }))?;
    } else {
        let word = match (running, ready) {
            (true, true) => format!("Ruche at {url} is ready"),
            (true, false) => format!("Ruche at {url} is not ready: {}", why.trim()),
            (false, _) => why,
        };
        let models = match (ready, has_key) {
            (false, _) => String::new(),
            (true, true) => format!("\n  models {}", names.join(", ")),
            (true, false) => "\n  no key: set RUCHE_KEY to see its models".to_owned(),
        };
        output::line(&clean_lines(&format!("{word}{models}")))?;
    }
    Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn readiness(state: &State) -> (bool, String) {
    let Some(address) = state.url.as_deref().and_then(|url| url.strip_prefix("http://")) else {
        return (false, "it is still starting".to_owned());
    };
    let (host, port) = address.rsplit_once(':').unwrap_or((address, "80"));
    match ready::http(host, port.parse().unwrap_or(80), "/readyz").await {
        Ok((200, body)) => (true, body),
        Ok((_, body)) => (false, body),
        Err(error) => (false, format!("the gateway does not answer: {error}")),
    }
}

fn print_table(project: &Project, state: &State, ready: bool, why: &str) -> Result<()> {
    let url = state.url.as_deref().unwrap_or("no URL yet");
    let word = if ready { "ready".to_owned() } else { format!("not ready: {}", why.trim()) };
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["program", "state", "pid", "since", "restarts", "log"]);
    for child in &state.children {
        table.add_row(row(child));
    }
    let mut shown = format!(
        "Ruche runs as process {} since {}, {word}\n  API {url}, model {}, data {}\n\n{}\n",
        state.pid,
        ago(state.started_at),
        state.models.join(", "),
        project.data.display(),
        table.trim_fmt()
    );
    if let Err(error) = Tools::find() {
        shown += &format!("\n{error}\n");
    }
    output::text(&shown)
}

fn row(child: &Child) -> [String; 6] {
    let state = match (&child.running, &child.last_end) {
        (true, _) => "runs".to_owned(),
        (false, Some(end)) => format!("ended ({end})"),
        (false, None) => "ended".to_owned(),
    };
    let log = child.log.display().to_string();
    [child.name.clone(), state, child.pid.to_string(), ago(child.since), child.restarts.to_string(), log]
}

/// In its largest unit.
fn ago(time: u64) -> String {
    match now().saturating_sub(time) {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_their_largest_unit() {
        assert_eq!(ago(now() - 300), "5 min");
        assert_eq!(ago(now() - 200_000), "2 d");
        assert_eq!(ago(now() + 50), "0 s");
    }
}
