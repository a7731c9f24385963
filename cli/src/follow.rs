//! Follows a job or a batch on the terminal: with a bar if possible, else with lines.
//!
//! The job's result goes to standard output, the rest to standard error: `ruche jobs watch ID > answer.txt` stores
//! only the answer.

use std::{io::IsTerminal, process::ExitCode, time::Duration};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::{
    client::Client,
    output::{self, clean, clean_lines, failure},
    sse::Events,
};

/// How often a batch's counts are requested.
const COUNTED: Duration = Duration::from_secs(2);

/// Follows what is at this path until it ends.
///
/// 0: done. 1: failed, or not all of a batch done. 2: cancelled.
pub(crate) async fn run(client: &Client, path: &[&str], as_json: bool) -> Result<ExitCode> {
    let mut with_events = path.to_vec();
    with_events.push("events");
    let mut events = Events::new(client, &with_events);
    let mut screen = Screen::new(as_json);
    while let Some(event) = next(client, path, &mut events, &mut screen).await? {
        if as_json {
            output::ndjson(&event.data)?;
        } else {
            screen.show(&event.name, &event.data["data"], &event.data)?;
        }
        if let Some(code) = verdict(&event.name, &event.data["data"]) {
            screen.close();
            return Ok(code);
        }
    }
    // It ended before: only its state is left to print.
    screen.close();
    let view = client.get(path, &[]).await?;
    let state = view["state"].as_str().unwrap_or_default();
    if as_json {
        output::ndjson(&view)?;
    } else {
        output::note(&format!("it is {}", clean(state)));
    }
    Ok(verdict(state, &view).unwrap_or(ExitCode::SUCCESS))
}

pub(crate) enum Ended {
    Done(Value),
    Failed(Value),
    Cancelled,
}

/// Follows the job at this path until it ends; the progress goes to standard error, nothing to standard output.
pub(crate) async fn to_end(client: &Client, path: &[&str]) -> Result<Ended> {
    let mut with_events = path.to_vec();
    with_events.push("events");
    let mut events = Events::new(client, &with_events);
    let mut screen = Screen::new(false);
    while let Some(event) = next(client, path, &mut events, &mut screen).await? {
        match event.name.as_str() {
            "done" | "failed" | "cancelled" => break,
            name => screen.show(name, &event.data["data"], &event.data)?,
        }
    }
    screen.close();
    // Its state has all that an event has, and large outputs too.
    let mut view = client.get(path, &[]).await?;
    match view["state"].as_str() {
        Some("done") if view["output"].is_null() => {
            let mut result = path.to_vec();
            result.push("result");
            Ok(Ended::Done(client.get(&result, &[]).await?))
        }
        Some("done") => Ok(Ended::Done(view["output"].take())),
        Some("failed") => Ok(Ended::Failed(view["error"].take())),
        Some("cancelled") => Ok(Ended::Cancelled),
        other => anyhow::bail!("the job is {} though its events have ended", clean(other.unwrap_or("unknown"))),
    }
}

/// The next event; meanwhile, the counts of a batch, whose log has no event before its end.
async fn next(
    client: &Client,
    path: &[&str],
    events: &mut Events<'_>,
    screen: &mut Screen,
) -> Result<Option<crate::sse::Event>> {
    let is_batch = path.first() == Some(&"job-batches");
    let mut ticks = tokio::time::interval(COUNTED);
    let event = events.next();
    tokio::pin!(event);
    loop {
        tokio::select! {
            event = &mut event => return event,
            _ = ticks.tick(), if is_batch && screen.on_terminal => {
                if let Ok(view) = client.get(path, &[]).await {
                    screen.progress(&view["counts"]);
                }
            }
        }
    }
}

fn verdict(state: &str, data: &Value) -> Option<ExitCode> {
    let counts = if data["counts"].is_object() { &data["counts"] } else { data };
    let is_batch = counts["total"].is_u64() && counts["cancelled"].is_u64();
    let all = output::number(counts, "failed") + output::number(counts, "cancelled") == 0;
    match state {
        "done" | "complete" if is_batch && !all => Some(ExitCode::FAILURE),
        "done" | "complete" => Some(ExitCode::SUCCESS),
        "failed" => Some(ExitCode::FAILURE),
        "cancelled" => Some(ExitCode::from(2)),
        _ => None,
    }
}

struct Screen {
    bar: Option<ProgressBar>,
    on_terminal: bool,
    /// Whether the output's last line has no line end.
    mid_line: bool,
    wrote: bool,
}

impl Screen {
    fn new(quiet: bool) -> Self {
        Self { bar: None, on_terminal: !quiet && std::io::stderr().is_terminal(), mid_line: false, wrote: false }
    }

    fn show(&mut self, name: &str, data: &Value, event: &Value) -> Result<()> {
        match name {
            "accepted" => self.note("accepted"),
            "started" => {
                let worker = data["worker"].as_str().unwrap_or("a worker");
                self.note(&format!("attempt {} on {}", event["attempt"], clean(worker)));
            }
            "retrying" => {
                let error = data["error"].as_str().map_or_else(|| failure(&data["error"]), str::to_owned);
                let next = output::when(data, "next_attempt_at");
                self.note(&format!("attempt {} failed: {}; the next one {next}", event["attempt"], clean(&error)));
            }
            "progress" => self.progress(data),
            "delta" => self.delta(data)?,
            "cut" => self.note("moderation cut the answer"),
            "done" => {
                self.done(data)?;
                if let Some(bytes) = event["claim"]["bytes"].as_u64() {
                    self.note(&format!("the result has {bytes} bytes: `ruche jobs result` prints it"));
                }
            }
            "failed" => self.note(&format!("failed: {}", clean(&failure(data)))),
            "cancelled" => self.note("cancelled"),
            _ => {}
        }
        Ok(())
    }

    fn delta(&mut self, data: &Value) -> Result<()> {
        self.close();
        let text = clean_lines(data["text"].as_str().unwrap_or_default());
        self.wrote |= !text.is_empty();
        self.mid_line = if text.is_empty() { self.mid_line } else { !text.ends_with('\n') };
        output::text(&text)
    }

    fn done(&mut self, data: &Value) -> Result<()> {
        self.close();
        if self.mid_line {
            output::line("")?;
            self.mid_line = false;
        }
        if data.is_null() || self.wrote {
            return Ok(());
        }
        output::json(data)
    }

    /// Steps of a job, or counts of a batch.
    fn progress(&mut self, data: &Value) {
        let steps = match data["pending"].as_u64() {
            None => data.clone(),
            Some(pending) => {
                let total = output::number(data, "total");
                let message = format!("{} failed, {} cancelled", data["failed"], data["cancelled"]);
                json!({ "done": total.saturating_sub(pending), "total": total, "message": message })
            }
        };
        if !self.on_terminal {
            return self.note(&clean(&output::steps(&steps)));
        }
        let bar = self.bar.get_or_insert_with(bar);
        match steps["total"].as_u64() {
            Some(total) => bar.set_length(total),
            None => bar.unset_length(),
        }
        bar.set_position(output::number(&steps, "done"));
        bar.set_message(clean(steps["message"].as_str().unwrap_or_default()));
    }

    fn note(&mut self, line: &str) {
        if self.mid_line && self.on_terminal {
            output::note("");
        }
        match &self.bar {
            Some(bar) => bar.suspend(|| output::note(line)),
            None => output::note(line),
        }
    }

    fn close(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    let template = "{bar:30} {pos}/{len} {msg} ({elapsed})";
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}
