//! Queues, workers and dead letters at one moment, and the rates before.

use std::collections::{BTreeMap, VecDeque};

use anyhow::Result;
use serde_json::{Value, json};

use crate::{
    client::{ApiError, Client},
    listing,
    output::field,
};

/// The most queues and the most workers of a request.
const MOST: usize = 100;

/// Stored rates of each queue.
const REMEMBERED: usize = 60;

#[derive(Debug)]
pub(super) struct Snapshot {
    pub queues: Part,
    pub workers: Part,
    /// As in `3`, `100+`.
    pub dead: String,
}

/// A list, or why this key doesn't see it.
pub(super) type Part = Result<Vec<Value>, String>;

impl Snapshot {
    /// What the key may not see is part of the snapshot; anything else is an error.
    pub(super) async fn take(client: &Client) -> Result<Self> {
        let (queues, workers, dead) = tokio::join!(
            part(client, "queues"),
            part(client, "workers"),
            listing::page(client, &["dead"], &[], None, Some(MOST))
        );
        let dead = match dead {
            Ok((letters, next)) => format!("{}{}", letters.len(), if next.is_some() { "+" } else { "" }),
            Err(error) => refused(error).map(|_| "?".to_owned())?,
        };
        Ok(Self { queues: queues?, workers: workers?, dead })
    }

    pub(super) fn to_json(&self) -> Value {
        let part = |part: &Part| part.clone().map_or(Value::Null, Value::Array);
        json!({ "queues": part(&self.queues), "workers": part(&self.workers), "dead": self.dead })
    }
}

async fn part(client: &Client, name: &str) -> Result<Part> {
    match listing::page(client, &[name], &[], None, None).await {
        Ok((items, _)) => Ok(Ok(items)),
        Err(error) => refused(error).map(Err),
    }
}

/// The message of a refusal that does not concern the rest.
fn refused(error: anyhow::Error) -> Result<String> {
    match error.downcast_ref::<ApiError>() {
        Some(refusal) if matches!(refusal.status, 403 | 404) => Ok(refusal.message.clone()),
        _ => Err(error),
    }
}

/// The last rates, per queue.
#[derive(Debug, Default)]
pub(super) struct History(BTreeMap<(String, String), VecDeque<f64>>);

impl History {
    /// Adds the rates; drops queues that are gone.
    pub(super) fn add(&mut self, snapshot: &Snapshot) {
        let Ok(queues) = &snapshot.queues else { return };
        self.0.retain(|key, _| queues.iter().any(|queue| Self::key(queue) == *key));
        for queue in queues {
            let rates = self.0.entry(Self::key(queue)).or_default();
            rates.push_back(queue["per_second"].as_f64().unwrap_or_default());
            while rates.len() > REMEMBERED {
                rates.pop_front();
            }
        }
    }

    /// The last `width` rates as a line of small bars, the highest one full.
    pub(super) fn line(&self, queue: &Value, width: usize) -> String {
        const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        let Some(rates) = self.0.get(&Self::key(queue)) else { return String::new() };
        let last = rates.iter().skip(rates.len().saturating_sub(width));
        let most = last.clone().fold(0.0_f64, |most, rate| most.max(*rate));
        last.map(|rate| if most > 0.0 { BARS[((rate / most * 7.0).round() as usize).min(7)] } else { BARS[0] })
            .collect()
    }

    fn key(queue: &Value) -> (String, String) {
        (field(queue, "kind"), field(queue, "lane"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_become_bars_and_are_forgotten_in_time() {
        let queue = |rate: f64| json!({"kind": "chat", "lane": "bulk", "per_second": rate});
        let mut history = History::default();
        for rate in 0..100 {
            let snapshot =
                Snapshot { queues: Ok(vec![queue(f64::from(rate))]), workers: Ok(vec![]), dead: String::new() };
            history.add(&snapshot);
        }
        let line = history.line(&queue(0.0), 8);
        assert_eq!(line.chars().count(), 8);
        assert!(line.ends_with('█'), "{line}");
        assert_eq!(history.line(&queue(0.0), 1000).chars().count(), REMEMBERED);
        history.add(&Snapshot { queues: Ok(vec![]), workers: Ok(vec![]), dead: String::new() });
        assert_eq!(history.line(&queue(0.0), 8), "");
    }
}
