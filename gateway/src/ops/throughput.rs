//! The throughput of each lane: jobs that ended over the last minute, from the workers' registrations.
//!
//! Workers count, because only they see every end: an ephemeral job leaves no row, a dead one a letter, and a queue's
//! consumer may redeliver what it counts as settled.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use ruche_bus::WorkerRegistration;
use ruche_schemas::{Kind, Lane};

use crate::http::limits;

/// Samples less than this apart are one.
const APART: Duration = Duration::from_millis(500);

type Totals = BTreeMap<(Kind, Lane), u64>;

#[derive(Debug, Default)]
pub struct Throughput(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When each worker was seen last, and its counts then.
    workers: HashMap<(Kind, String), (Instant, BTreeMap<Lane, u64>)>,
    /// All ends since this gateway's first sample.
    totals: Totals,
    looks: VecDeque<(Instant, Totals)>,
}

impl Throughput {
    /// Takes a sample. What a worker did before it was first seen does not count.
    pub fn note(&self, workers: &[WorkerRegistration], now: Instant) {
        let mut state = self.state();
        let State { workers: known, totals, looks } = &mut *state;
        for worker in workers {
            let before = known.insert((worker.kind.clone(), worker.worker.clone()), (now, worker.ended.clone()));
            let Some((_, before)) = before else { continue };
            for (lane, count) in &worker.ended {
                let more = count.saturating_sub(before.get(lane).copied().unwrap_or_default());
                *totals.entry((worker.kind.clone(), *lane)).or_default() += more;
            }
        }
        known.retain(|_, (seen, _)| now.duration_since(*seen) <= limits::RATE_TIME);
        if looks.len() > 1 && looks.iter().nth_back(1).is_some_and(|(at, _)| now.duration_since(*at) < APART) {
            looks.pop_back();
        }
        looks.push_back((now, totals.clone()));
        while looks.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= limits::RATE_TIME) {
            looks.pop_front();
        }
    }

    /// Ended jobs of this kind and lane per second; 0 before the second sample.
    #[must_use]
    pub fn per_second(&self, kind: &Kind, lane: Lane) -> f64 {
        let state = self.state();
        let (Some((since, first)), Some((until, last))) = (state.looks.front(), state.looks.back()) else { return 0.0 };
        let of = |totals: &Totals| totals.get(&(kind.clone(), lane)).copied().unwrap_or_default();
        let seconds = until.duration_since(*since).as_secs_f64();
        if seconds > 0.0 { (of(last) - of(first)) as f64 / seconds } else { 0.0 }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Kind = Kind::new("chat");

    fn worker(name: &str, ended: u64) -> WorkerRegistration {
        let text = format!(
            r#"{{"kind": "chat", "worker": "{name}", "models": [], "slots": 1, "version": "0", "since":
                "2026-01-01T00:00:00Z", "ended": {{"bulk": {ended}}}}}"#
        );
        serde_json::from_str(&text).expect("a worker")
    }

    fn after(begun: Instant, seconds: u64) -> Instant {
        begun + Duration::from_secs(seconds)
    }

    #[test]
    fn what_all_workers_ended_in_the_last_minute_counts() {
        let (throughput, begun) = (Throughput::default(), Instant::now());
        throughput.note(&[worker("a", 1_000), worker("b", 0)], begun);
        assert_eq!(throughput.per_second(&KIND, Lane::Bulk), 0.0, "what was done before is not known to be recent");
        throughput.note(&[worker("a", 1_050), worker("b", 50)], after(begun, 10));
        assert_eq!(throughput.per_second(&KIND, Lane::Bulk), 10.0);
        assert_eq!(throughput.per_second(&KIND, Lane::Normal), 0.0);
        for seconds in (20..=200).step_by(10) {
            throughput.note(&[worker("a", 1_050), worker("b", 50)], after(begun, seconds));
        }
        assert_eq!(throughput.per_second(&KIND, Lane::Bulk), 0.0, "it is more than a minute ago");
    }

    #[test]
    fn workers_that_come_and_go_neither_add_nor_take_away() {
        let (throughput, begun) = (Throughput::default(), Instant::now());
        throughput.note(&[worker("a", 10)], begun);
        throughput.note(&[], after(begun, 5));
        throughput.note(&[worker("a", 30), worker("b", 500)], after(begun, 10));
        assert_eq!(throughput.per_second(&KIND, Lane::Bulk), 2.0);
    }

    #[test]
    fn many_looks_in_a_moment_are_kept_as_few() {
        let (throughput, begun) = (Throughput::default(), Instant::now());
        for n in 0..100_000 {
            throughput.note(&[worker("a", n)], begun + Duration::from_millis(n));
        }
        let looks = throughput.state().looks.len();
        assert!(looks <= 2 * 60 + 2, "{looks}");
        assert!((throughput.per_second(&KIND, Lane::Bulk) - 1000.0).abs() < 1.0);
    }
}
