//! The result of a scenario: a line of a table, or of JSON; for a broken promise, all that is known of it.

use std::{fmt::Write as _, path::Path, time::Duration};

use anyhow::{Context, Result};
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use serde::Serialize;

use crate::faults::audit::{Audit, Finding, Promise, Subject};

/// Findings that are printed; the file has all.
const PRINTED: usize = 10;

#[derive(Debug, Serialize)]
pub struct Outcome {
    pub scenario: &'static str,
    pub seed: u64,
    pub accepted: u64,
    pub done: u64,
    /// Each is a dead letter.
    pub failed: u64,
    /// Accepted jobs without a row or without a last event.
    pub lost: u64,
    /// Effects that were stored twice.
    pub twice: u64,
    /// Logs with a gap or a repeat.
    pub disordered: u64,
    pub other: u64,
    pub faults: u64,
    pub hits: Hits,
    pub events: u64,
    pub followed: u64,
    pub seconds: u64,
    pub findings: Vec<Finding>,
}

/// Signs that the faults hit something: without them, nothing was tested.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Hits {
    /// Jobs that another attempt took over because the one before had died or gone silent.
    pub taken_over: u64,
    /// How often a worker with an outcome found the database, or the object store, unavailable.
    pub commits_blocked: u64,
    /// Processes that ended without being killed.
    pub ended_by_themselves: u64,
}

impl Outcome {
    pub fn new(
        scenario: &'static str,
        seed: u64,
        audit: Audit,
        counts: (u64, u64),
        hits: Hits,
        time: Duration,
    ) -> Self {
        let count = |promise| audit.findings.iter().filter(|finding| finding.promise == promise).count() as u64;
        Self {
            scenario,
            seed,
            accepted: audit.accepted,
            done: audit.done,
            failed: audit.failed,
            lost: count(Promise::Kept),
            twice: count(Promise::Once),
            disordered: count(Promise::Order),
            other: count(Promise::Other),
            faults: counts.0,
            hits,
            events: audit.events,
            followed: counts.1,
            seconds: time.as_secs(),
            findings: audit.findings,
        }
    }

    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    /// Prints the findings to stderr.
    pub fn complain(&self, folder: &Path) {
        eprintln!("\n{}: {} promises are broken (seed {}):", self.scenario, self.findings.len(), self.seed);
        for Finding { promise, what, subject } in self.findings.iter().take(PRINTED) {
            let which = |subject: &Subject| format!("job {} (number {}): ", subject.job, subject.task.number);
            eprintln!("  {promise:?}: {}{what}", subject.as_ref().map(which).unwrap_or_default());
        }
        eprintln!("All of it, with the jobs and their logs: {}", folder.join("findings.jsonl").display());
        eprintln!("The servers' data and everybody's logs stay in {}", folder.display());
    }

    /// Writes each finding, with all that is known of its job, as a JSON object a line.
    pub fn keep(&self, folder: &Path) -> Result<()> {
        let mut text = String::new();
        for finding in &self.findings {
            let _ = writeln!(text, "{}", serde_json::to_string(finding)?);
        }
        let file = folder.join("findings.jsonl");
        std::fs::write(&file, text).with_context(|| format!("can't write {}", file.display()))
    }
}

pub fn table(outcomes: &[Outcome]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header([
        "scenario",
        "accepted",
        "done",
        "failed, dead",
        "lost",
        "stored twice",
        "logs with a gap or repeat",
        "other",
        "faults",
        "jobs taken over",
        "commits blocked",
        "seconds",
    ]);
    for outcome in outcomes {
        let Outcome { accepted, done, failed, lost, twice, disordered, other, faults, hits, seconds, .. } = outcome;
        let Hits { taken_over, commits_blocked, .. } = *hits;
        let numbers = [*accepted, *done, *failed, *lost, *twice, *disordered, *other, *faults];
        let numbers = numbers.into_iter().chain([taken_over, commits_blocked, *seconds]).map(|n| n.to_string());
        table.add_row(std::iter::once(outcome.scenario.to_owned()).chain(numbers));
    }
    table
}

/// What the table has no room for.
pub fn summary(outcomes: &[Outcome]) -> String {
    let sum = |of: fn(&Outcome) -> u64| outcomes.iter().map(of).sum::<u64>();
    format!(
        "{} events in the logs; {} jobs were followed while they ran; {} processes ended that nobody had killed.",
        sum(|outcome| outcome.events),
        sum(|outcome| outcome.followed),
        sum(|outcome| outcome.hits.ended_by_themselves),
    )
}
