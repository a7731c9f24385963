//! The runtime against seeded faults, thousands of times: each accepted job ends exactly once.
//!
//! Each seed is a world: a few jobs with flows and a batch; two workers that crash and restart; a bus, a ledger and
//! an object store that fail before or after a call's effect ([`faults`]); duplicates after the bus has forgotten
//! their ids; cancellations. Tokio's time is paused, so an ack wait costs nothing. At the end the world is compared
//! with what the rule of flows expects.
//!
//! `MODEL_SEED=17` runs one seed, `MODEL_SEEDS=100000` runs so many.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    num::NonZeroUsize,
    sync::{Arc, atomic::AtomicU64, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use faults::{Life, World};
use futures::StreamExt;
use prometheus_client::registry::Registry;
use ruche_bus::{Bus, Headers, Message, memory::Memory};
use ruche_schemas::{
    Backoff, Envelope, Failure, Invalid, Job, JobId, JobRef, Kind, Lane, Limits, TenantId,
    claim::CLAIM_BYTES,
    clock,
    event::Outcome,
    flow::{Child, Join, Member, Origin, Template, child, children},
    kinds::chat::Role,
};
use ruche_store::{
    conversations::{Conversations, Turn, TurnMessage},
    ledger::{Ledger, Stored, Write},
    objects::{Claims, Objects},
};
use ruche_workers::{
    registry::{Handler, handler},
    runtime::{self, Context, JobError, Metrics, Options, Parts, Shutdown},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

mod bus;
mod faults;
mod ledger;
mod store;

const ACK_WAIT: Duration = Duration::from_secs(3);
/// The bus forgets a job's id after two minutes; a duplicate after that is another message.
const FORGOTTEN: Duration = Duration::from_secs(130);
/// A world that is not idle by then never will be.
const REST: u32 = 3_600;

/// A job that does as it is told.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
enum Play {
    /// Succeeds, with this.
    Say(Value),
    /// Fails so often, then ends well.
    Fail(u32),
    /// Can never be done.
    Reject,
    /// Works for so many seconds, then ends well.
    Work(u64),
    /// Succeeds, with more than fits a message.
    Grow,
}

impl Job for Play {
    const KIND: Kind = Kind::new("play");
    const VERSION: u16 = 1;
    const LIMITS: Limits = Limits {
        payload_bytes: 1 << 16,
        deadline: Duration::from_secs(60),
        attempts: 4,
        backoff: Backoff { base: Duration::from_millis(100), factor: 2.0, cap: Duration::from_secs(1) },
    };
    type Progress = ();
    type Output = Value;
    type Settings = ();

    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

struct Player;

#[async_trait]
impl Handler<Play> for Player {
    async fn handle(&self, job: &Envelope<Play>, context: Context<Play>) -> Result<Value, JobError> {
        context.steps(1, Some(2), "playing");
        match &job.body {
            Play::Say(value) => Ok(value.clone()),
            Play::Fail(times) if context.attempt <= *times => Err(JobError::retry(anyhow::anyhow!("told to fail"))),
            Play::Fail(_) => Ok(Value::Null),
            Play::Grow => Ok(json!("x".repeat(CLAIM_BYTES))),
            Play::Reject => Err(JobError::Reject(Failure::new("told_to", "told to reject"))),
            Play::Work(seconds) => {
                tokio::time::sleep(Duration::from_secs(*seconds)).await;
                Ok(json!(seconds))
            }
        }
    }

    /// One effect: a turn in the job's own conversation.
    fn writes(&self, job: &Envelope<Play>, _: &Value) -> Vec<Write> {
        let messages = vec![TurnMessage { role: Role::User, content: "x".to_owned(), model: None, citations: None }];
        vec![Write::Turn(Turn { conversation: job.id.0, begins: true, messages })]
    }
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn of(id: JobId) -> JobRef {
    JobRef { tenant: tenant(), id }
}

fn roots(world: &World) -> Vec<Envelope<Value>> {
    let batch = batch(world);
    let root = |index: u64| {
        let number = |what: &str| world.number((what, index));
        // A job without followers, because they would get its whole output.
        let grows = number("flow") % 5 > 2 && number("grow").is_multiple_of(2);
        let body = match number("body") % 8 {
            0..4 if grows => json!("Grow"),
            0..4 => json!({"Say": [1, 2, 3]}),
            4 => json!({"Fail": number("times") % 6}),
            5 => json!("Reject"),
            6 => json!({"Work": number("seconds") % 12}),
            _ => json!({"Nonsense": 1}),
        };
        let lane = Lane::ALL[(number("lane") % 3) as usize];
        // Some ids look new to a worker, even if the job is not.
        let id = match number("fresh") % 2 {
            0 => Uuid::from_u64_pair(world.seed, index + 1),
            _ => fresh(world.seed, index),
        };
        let id = JobId(id);
        let mut job = Envelope::of(Play::KIND, 1, id, tenant(), lane, clock::now(), body);
        let say = |on_success: Value| json!({"kind": "play", "body": {"Say": 1}, "on_success": on_success});
        let fan = json!({
            "each": "", "all": [{"kind": "play", "with": {"/Say": ""}}, {"kind": "play", "body": {"Fail": 1}}],
            "join": {"kind": "play", "with": {"/Say": "/results"}, "on_success": [say(json!([]))]},
        });
        let odd = json!({"all": [{"kind": "nobody"}, {"kind": "play", "body": "Reject"}], "join": say(json!([]))});
        job.on_success = serde_json::from_value(match number("flow") % 5 {
            0 => json!([say(json!([say(json!([]))]))]),
            1 => json!([fan]),
            2 => json!([odd, say(json!([]))]),
            _ => json!([]),
        })
        .unwrap();
        job.on_failure = serde_json::from_value(json!([{"kind": "play", "with": {"/Say": "/code"}}])).unwrap();
        let index = u32::try_from(index).unwrap();
        job.member = (index < 2).then_some(Member { group: batch.0, index, of: None, join: None });
        job
    };
    (0..2 + world.number("roots") % 3).map(root).collect()
}

/// A UUIDv7 of the future, which is never too old.
fn fresh(seed: u64, index: u64) -> Uuid {
    let mut random = [0; 10];
    random[..8].copy_from_slice(&seed.to_be_bytes());
    random[9] = u8::try_from(index).unwrap();
    uuid::Builder::from_unix_timestamp_millis(1 << 42, &random).into_uuid()
}

fn batch(world: &World) -> JobId {
    JobId(Uuid::from_u64_pair(world.seed, u64::MAX))
}

async fn submit(world: &World, job: &Envelope<Value>) {
    let payload = serde_json::to_vec(job).unwrap().into();
    let (kind, headers) = (Play::KIND, Headers::new());
    // As a gateway does: before publishing, or not at all if it crashed.
    let first_seq = match world.number((job.id, "first_seq")).is_multiple_of(2) {
        true => world.bus.append(&of(job.id), 0, &job.accepted(None)).await.ok(),
        false => None,
    };
    let message = Message { job: of(job.id), kind, lane: job.lane, payload, headers, first_seq };
    world.bus.publish(message).await.unwrap();
}

/// Restarts whenever it has crashed.
async fn worker(world: Arc<World>, name: &'static str) {
    loop {
        let life = Life::begin(&world);
        let parts = Parts {
            bus: Arc::new(life.clone()),
            ledger: Arc::new(life.clone()),
            claims: Claims::new(Arc::new(life.clone()), 1 << 20),
            handler: handler(Player),
            metrics: Metrics::register(&mut Registry::default()),
            clock: Arc::new(clock::System),
            heartbeats: tokio::runtime::Handle::current(),
            versions: Arc::new([(Play::KIND, Play::VERSION)].into()),
        };
        let slots = NonZeroUsize::new(1 + (world.number(name) % 3) as usize).unwrap();
        let quiet = Duration::from_millis(10 * (world.number((name, "quiet")) % 2));
        let options = Options { name: name.to_owned(), slots, ack_wait: ACK_WAIT, quiet, ..Options::default() };
        let running = tokio::spawn(runtime::run(parts, options, Shutdown::default()));
        life.dead.cancelled().await;
        running.abort();
        tokio::time::sleep(Duration::from_millis(world.number((name, "again")) % 2_000)).await;
    }
}

async fn live(world: &Arc<World>) {
    let template = json!({"kind": "play", "body": {"Say": "x"}, "with": {"/Say": "/total"}});
    world.ledger.open_batch(&tenant(), batch(world).0, Some(2), Some(template));
    let workers = ["a", "b"].map(|name| tokio::spawn(worker(Arc::clone(world), name)));
    let roots = roots(world);
    for job in &roots {
        submit(world, job).await;
        match world.number((job.id, "next")) % 4 {
            0 => tokio::time::sleep(Duration::from_millis(world.number(job.id) % 3_000)).await,
            1 => world.bus.cancel(&of(job.id)).await.unwrap(),
            _ => submit(world, job).await,
        }
    }
    rest(world).await;
    tokio::time::sleep(FORGOTTEN).await;
    for job in roots.iter().filter(|job| world.number((job.id, "late")).is_multiple_of(2)) {
        submit(world, job).await;
    }
    rest(world).await;
    workers.iter().for_each(tokio::task::JoinHandle::abort);
}

async fn rest(world: &World) {
    for _ in 0..REST {
        let depth = world.bus.depth().await.unwrap();
        if depth.iter().all(|lane| lane.waiting + lane.in_flight == 0) {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("jobs are left in the queue: {:?}", world.bus.depth().await);
}

/// The expected end state, by the rule of flows alone.
#[derive(Default)]
struct Expected {
    ended: BTreeMap<JobId, Stored>,
    groups: HashMap<Uuid, (BTreeSet<JobId>, Option<Box<Join>>)>,
}

impl Expected {
    async fn of(world: &World) -> Self {
        let mut expected = Self::default();
        let mut waiting = roots(world);
        let batch = batch(world);
        let template: Template =
            serde_json::from_value(json!({"kind": "play", "body": {"Say": "x"}, "with": {"/Say": "/total"}})).unwrap();
        let origin = Origin { root: batch, parent: batch };
        let callback = child(batch.derived("callback"), &template, &json!({"total": 2}), Lane::Normal, origin, None);
        waiting.push(envelope(callback));
        while let Some(job) = waiting.pop() {
            let stored = world.ledger.ended(&of(job.id)).await.unwrap();
            let stored = stored.unwrap_or_else(|| panic!("job {} never ended", job.id));
            let starts = children(&job, &stored.outcome).unwrap();
            let ids: Vec<_> = starts.iter().map(|child| child.id).collect();
            assert_eq!(world.ledger.children(job.id), ids, "the row of {} tells its children", job.id);
            waiting.extend(starts.into_iter().map(envelope));
            assert!(expected.ended.insert(job.id, stored).is_none(), "{} twice", job.id);
            if let Some(Member { group, of: Some(all), join, .. }) = job.member {
                let (members, _) = expected.groups.entry(group).or_insert_with(|| (BTreeSet::new(), join));
                members.insert(job.id);
                if members.len() == all as usize {
                    waiting.extend(expected.joined(world, group).await);
                }
            }
        }
        expected
    }

    async fn joined(&self, world: &World, group: Uuid) -> Option<Envelope<Value>> {
        let (members, join) = &self.groups[&group];
        let join = join.as_ref()?;
        let counted = world.ledger.members(&tenant(), group, 1_000).await.unwrap();
        assert_eq!(counted.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>(), *members);
        Some(envelope(child(join.id, &join.template, &Value::Null, Lane::Normal, join.origin, None)))
    }
}

fn envelope(child: Child) -> Envelope<Value> {
    child.envelope(tenant(), 1, clock::now())
}

async fn check(world: &World) {
    let expected = Expected::of(world).await;
    assert_eq!(world.ledger.len(), expected.ended.len(), "jobs that nobody submitted have ended");
    for (id, stored) in &expected.ended {
        let effects = world.ledger.history(&tenant(), id.0).await.unwrap().unwrap_or_default().messages.len();
        let is_done = matches!(stored.outcome, Outcome::Done(_) | Outcome::Claimed(_));
        assert_eq!(effects, usize::from(is_done), "effects of {id}");
        if let Some(claim) = stored.outcome.claim() {
            let pieces = world.objects.open(claim).await.unwrap();
            let pieces: Result<Vec<_>, _> = pieces.collect::<Vec<_>>().await.into_iter().collect();
            assert!(pieces.is_ok(), "{id} claims what is not there: {pieces:?}");
        }
        check_log(world, *id, &stored.outcome).await;
    }
    let failed = |stored: &Stored| matches!(stored.outcome, Outcome::Failed(_));
    let failed: Vec<_> = expected.ended.iter().filter(|(_, stored)| failed(stored)).map(|(id, _)| *id).collect();
    let letters: Vec<_> = world.letters.lock().unwrap().keys().copied().collect();
    assert_eq!(letters, failed, "a letter for each job that failed, and for no other");
    let group = world.ledger.group(&tenant(), batch(world).0).await.unwrap().unwrap();
    let counts = json!({"total": 2, "done": group.done, "failed": group.failed, "cancelled": group.cancelled});
    check_log(world, batch(world), &Outcome::Done(counts)).await;
}

/// The log has no gap and one final event, which matches the stored outcome.
async fn check_log(world: &World, id: JobId, outcome: &Outcome<Value>) {
    let log = world.bus.replay(&of(id)).await.unwrap();
    let gapless = log.iter().zip(1..).all(|(record, n)| record.n == n);
    let attempts = log.is_sorted_by_key(|record| record.attempt);
    let finals = log.iter().filter(|record| record.event.is_final()).count();
    assert!(gapless && attempts && finals == 1, "the log of {id}: {log:#?}");
    let last = log.last().unwrap();
    let (data, claim) = (outcome.data().unwrap(), outcome.claim());
    assert_eq!((last.event, &last.data, last.claim.as_ref()), (outcome.event_type(), &data, claim), "the end of {id}");
}

fn run(seed: u64) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let world = World::new(seed, Memory::new(&[Play::KIND], 1_000, ACK_WAIT));
        live(&world).await;
        check(&world).await;
        let injected = world.injected.lock().unwrap();
        *injected
    })
}

#[test]
fn whatever_fails_each_job_ends_once() {
    let number = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let seeds = match number("MODEL_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("MODEL_SEEDS").unwrap_or(2_000),
    };
    let (next, end, faults) = (AtomicU64::new(seeds.start), seeds.end, AtomicU64::new(0));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return Ok(());
            }
            match std::panic::catch_unwind(|| run(seed)) {
                Ok(injected) => drop(faults.fetch_add(injected, Ordering::Relaxed)),
                Err(_) => return Err(seed),
            }
        }
    };
    let failed: Vec<u64> = std::thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.into_iter().filter_map(|thread| thread.join().unwrap().err()).collect()
    });
    assert!(failed.is_empty(), "seeds {failed:?} fail: run one with MODEL_SEED={}", failed[0]);
    println!("{} seeds, {} faults", seeds.end - seeds.start, faults.load(Ordering::Relaxed));
}

/// Longer than all attempts of a [`Play`] take.
const OUTAGE: Duration = Duration::from_secs(300);

#[tokio::test(start_paused = true)]
async fn while_its_log_cannot_be_read_a_job_keeps_its_attempts() {
    let world = World::calm(Memory::new(&[Play::KIND], 1_000, ACK_WAIT));
    let job = Envelope::of(Play::KIND, 1, JobId::generate(), tenant(), Lane::Normal, clock::now(), json!({"Say": 1}));
    world.unreadable.store(true, Ordering::Relaxed);
    submit(&world, &job).await;
    let worker = tokio::spawn(worker(Arc::clone(&world), "a"));
    tokio::time::sleep(OUTAGE).await;
    world.unreadable.store(false, Ordering::Relaxed);
    rest(&world).await;
    worker.abort();
    let stored = world.ledger.ended(&of(job.id)).await.unwrap().unwrap();
    assert_eq!((stored.outcome, stored.attempt), (Outcome::Done(json!(1)), 1));
}
