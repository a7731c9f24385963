//! Jobs for later and recurring jobs, which wait beside the queue until they are due.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use ruche_schemas::{JobRef, TenantId, clock};
use tokio::time::Instant;

use crate::{
    port::{Headers, Message, Schedule},
    recur,
};

#[derive(Debug)]
pub(super) struct Later {
    /// Both clocks, read once, so that a paused clock moves both.
    started: (Instant, DateTime<Utc>),
    turn: u64,
    /// With the attempts that were used before.
    once: BTreeMap<(Instant, u64), (Message, u32)>,
    pub(super) again: BTreeMap<(TenantId, String), (Schedule, Option<Instant>)>,
}

impl Default for Later {
    fn default() -> Self {
        Self { started: (Instant::now(), clock::now()), turn: 0, once: BTreeMap::new(), again: BTreeMap::new() }
    }
}

impl Later {
    pub(super) fn len(&self) -> usize {
        self.once.len()
    }

    fn instant(&self, at: DateTime<Utc>) -> Instant {
        self.started.0 + (at - self.started.1).to_std().unwrap_or_default()
    }

    fn utc(&self, at: Instant) -> DateTime<Utc> {
        self.started.1 + TimeDelta::from_std(at - self.started.0).unwrap_or_default()
    }

    /// Stores a job for later, in place of an earlier entry of it.
    pub(super) fn put(&mut self, message: Message, used: u32, at: DateTime<Utc>) {
        self.take(&message.job);
        self.turn += 1;
        let key = (self.instant(at), self.turn);
        self.once.insert(key, (message, used));
    }

    pub(super) fn take(&mut self, job: &JobRef) -> bool {
        let found = self.once.iter().find(|(_, (message, _))| message.job == *job).map(|(key, _)| *key);
        found.is_some_and(|key| self.once.remove(&key).is_some())
    }

    pub(super) fn next(&self) -> Option<Instant> {
        let once = self.once.keys().next().map(|(at, _)| *at);
        once.into_iter().chain(self.again.values().filter_map(|(_, next)| *next)).min()
    }

    /// A tenant's jobs for later with their times, the earliest first.
    pub(super) fn of_later(&self, tenant: &TenantId) -> impl Iterator<Item = (u64, &Message, DateTime<Utc>)> {
        let of = self.once.iter().filter(move |(_, (message, _))| message.job.tenant == *tenant);
        of.map(|((at, turn), (message, _))| (*turn, message, self.utc(*at)))
    }

    /// What is due, with the attempts that were used before; at most `room` firings of schedules.
    pub(super) fn due(&mut self, now: Instant, room: usize) -> Vec<(Message, u32)> {
        let mut due = Vec::new();
        while let Some(entry) = self.once.first_entry()
            && entry.key().0 <= now
        {
            due.push(entry.remove());
        }
        let started = self.started;
        let utc = |at: Instant| started.1 + TimeDelta::from_std(at - started.0).unwrap_or_default();
        let mut left = room;
        for (schedule, next) in self.again.values_mut() {
            while let Some(at) = *next
                && at <= now
            {
                let following = recur::next(&schedule.every, schedule.since, utc(at));
                *next = following.map(|at| started.0 + (at - started.1).to_std().unwrap_or_default());
                self.turn += 1;
                let fired = recur::fired(&schedule.payload, self.turn, utc(at));
                if let (1.., Some((id, payload))) = (left, fired) {
                    left -= 1;
                    let job = JobRef { tenant: schedule.tenant.clone(), id };
                    let (kind, lane) = (schedule.kind.clone(), schedule.lane);
                    let (headers, first_seq) = (Headers::new(), None);
                    due.push((Message { job, kind, lane, payload, headers, first_seq }, 0));
                }
            }
        }
        due
    }

    pub(super) fn keep(&mut self, schedule: &Schedule) {
        let since = self.utc(Instant::now());
        let next = recur::next(&schedule.every, since, since).filter(|_| !schedule.paused);
        let kept = Schedule { since, next: None, ..schedule.clone() };
        self.again.insert((kept.tenant.clone(), kept.name.clone()), (kept, next.map(|at| self.instant(at))));
    }

    pub(super) fn of(&self, tenant: &TenantId) -> impl Iterator<Item = Schedule> {
        let of = self.again.values().filter(move |(schedule, _)| schedule.tenant == *tenant);
        of.map(|(schedule, next)| Schedule { next: next.map(|at| self.utc(at)), ..schedule.clone() })
    }
}
