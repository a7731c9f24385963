//! Large bodies and results: in files, with a real NATS and a real Postgres.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::stream::BoxStream;
use ruche_schemas::{
    Claim, EventType, Failure, Job, JobId, JobRef, Record,
    claim::{CLAIM_BYTES, Part},
    clock,
    config::Config,
    event::Outcome,
    failure::codes,
};
use ruche_store::{
    ledger::{Committed, Ended, Ledger},
    objects::{Claims, ObjectError, Objects, Pieces, store::Store},
    retention::Retention,
};
use ruche_workers::reconcilers;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::runtime::{
    dead,
    probe::{Probe, ProbeHandler},
    support::System,
};

/// The largest body or result in these tests.
const MOST: usize = 4 << 20;
/// Larger than a message may be.
const LARGE: usize = 1 << 20;

/// A store that fails as a test says.
#[derive(Debug)]
pub(crate) struct Faulty {
    pub(crate) files: Store,
    /// The number of calls that still fail.
    pub(crate) away: AtomicU32,
    /// Writes that return; others take effect and hang.
    pub(crate) returning: Semaphore,
    pub(crate) written: Semaphore,
}

impl Faulty {
    fn fail(&self) -> Result<(), ObjectError> {
        let fails = self.away.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        fails.map_or(Ok(()), |_| Err(ObjectError::Unavailable("told to be away".to_owned())))
    }
}

#[async_trait]
impl Objects for Faulty {
    async fn put(&self, claim: &Claim, bytes: Bytes) -> Result<(), ObjectError> {
        self.fail()?;
        self.files.put(claim, bytes).await?;
        self.written.add_permits(1);
        self.returning.acquire().await.unwrap().forget();
        Ok(())
    }

    async fn open(&self, claim: &Claim) -> Result<Pieces, ObjectError> {
        self.fail()?;
        self.files.open(claim).await
    }

    async fn delete(&self, claim: &Claim) -> Result<(), ObjectError> {
        self.files.delete(claim).await
    }

    async fn delete_all(&self, job: &JobRef) -> Result<(), ObjectError> {
        self.fail()?;
        self.files.delete_all(job).await
    }

    fn older(&self, than: DateTime<Utc>) -> BoxStream<'static, Result<JobRef, ObjectError>> {
        self.files.older(than)
    }
}

pub(crate) struct Place {
    pub(crate) system: System,
    pub(crate) store: Arc<Faulty>,
    pub(crate) folder: tempfile::TempDir,
}

impl Place {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = ("RUCHE_OBJECTS__URL".to_owned(), format!("file://{}", folder.path().display()));
        let settings = Config::from_layers(None, Some([url].into())).unwrap().objects;
        let files = Store::open(&settings).unwrap();
        let (away, returning) = (AtomicU32::new(0), Semaphore::new(1_000));
        let store = Arc::new(Faulty { files, away, returning, written: Semaphore::new(0) });
        let mut system = System::start().await;
        system.claims = Claims::new(store.clone(), MOST as u64);
        Self { system, store, folder }
    }

    async fn keep(&self, body: &Probe) -> Claim {
        let job = JobRef { tenant: self.system.tenant.clone(), id: JobId::generate() };
        self.system.claims.put(&job, Part::Body, serde_json::to_vec(body).unwrap().into()).await.unwrap()
    }

    /// The job's result, from the event or from the object store.
    pub(crate) async fn result(&self, job: &JobRef) -> Value {
        let last = self.system.events(job).await.pop().unwrap();
        assert_eq!(last.event, EventType::Done, "{last:?}");
        let stored = self.system.ledger.ended(job).await.unwrap().unwrap();
        match stored.outcome {
            Outcome::Done(output) => {
                assert_eq!((&last.data, last.claim), (&output, None));
                output
            }
            Outcome::Claimed(claim) => {
                assert_eq!((last.data, last.claim.as_ref()), (Value::Null, Some(&claim)));
                serde_json::from_slice(&self.system.claims.get(&job.tenant, &claim).await.unwrap()).unwrap()
            }
            other => panic!("{other:?}"),
        }
    }

    fn path(&self, claim: &Claim) -> std::path::PathBuf {
        self.folder.path().join(&claim.key)
    }
}

/// The types of events, without `accepted` and `started`.
pub(crate) fn event_names(events: &[Record]) -> Vec<&'static str> {
    let types = events.iter().map(|event| event.event.as_str());
    types.filter(|event| !["accepted", "started"].contains(event)).collect()
}

fn text(bytes: usize) -> String {
    "é".repeat(bytes / 2)
}

#[tokio::test]
async fn a_large_body_reaches_its_handler_and_a_large_result_its_reader() {
    let place = Place::start().await;
    let worker = place.system.worker(&ProbeHandler::new(), 1);
    let body = Probe::Echo(text(LARGE));
    let job = place.system.submit_claimed(place.keep(&body).await).await;
    assert_eq!(place.result(&job).await, json!(text(LARGE)));
    // Both are deleted with the job's row.
    assert_eq!(place.system.ledger.jobs_with_objects(clock::now(), 10).await.unwrap(), [job]);
    worker.drain().await;
}

#[tokio::test]
async fn a_result_as_large_as_a_message_may_be_is_in_it_and_one_byte_more_is_not() {
    let place = Place::start().await;
    let worker = place.system.worker(&ProbeHandler::new(), 2);
    for (bytes, is_claimed) in [(CLAIM_BYTES, false), (CLAIM_BYTES + 1, true)] {
        let job = place.system.submit(Probe::Grow(bytes)).await;
        assert_eq!(place.result(&job).await.to_string().len(), bytes);
        let last = place.system.bus.last(&job).await.unwrap().unwrap();
        assert_eq!(last.record.claim.is_some(), is_claimed, "{bytes}");
    }
    assert_eq!(place.store.written.available_permits(), 1);
    worker.drain().await;
}

#[tokio::test]
async fn a_job_whose_body_can_not_be_had_now_is_tried_again_and_ends_well() {
    let mut place = Place::start().await;
    for (retry, expected) in [(0, vec!["retrying", "retrying", "done"]), (60, vec!["done"])] {
        place.system.options.store_timeout = Duration::from_secs(retry);
        let claim = place.keep(&Probe::Echo(text(LARGE))).await;
        place.store.away.store(2, Ordering::SeqCst);
        let worker = place.system.worker(&ProbeHandler::new(), 1);
        let job = place.system.submit_claimed(claim).await;
        let events = place.system.events(&job).await;
        assert_eq!(event_names(&events), expected, "{retry}");
        let told = events.iter().find(|event| event.event == EventType::Retrying);
        assert!(told.is_none_or(|event| event.data["error"].as_str().unwrap().contains("told to be away")));
        worker.drain().await;
    }
}

#[tokio::test]
async fn a_result_that_can_not_be_kept_now_waits_and_is_not_worked_out_again() {
    let place = Place::start().await;
    place.store.away.store(3, Ordering::SeqCst);
    let probe = ProbeHandler::new();
    let worker = place.system.worker(&probe, 1);
    let job = place.system.submit(Probe::Grow(LARGE)).await;
    assert_eq!(place.result(&job).await.to_string().len(), LARGE);
    assert_eq!((probe.runs(&job), place.store.away.load(Ordering::SeqCst)), (1, 0));
    worker.drain().await;
}

#[tokio::test]
async fn an_ephemeral_jobs_large_result_is_kept_with_a_row_and_is_not_worked_out_again() {
    let place = Place::start().await;
    let probe = ProbeHandler::new();
    let worker = place.system.worker(&probe, 1);
    for (bytes, is_kept) in [(LARGE, true), (CLAIM_BYTES, false)] {
        let mut brief = place.system.envelope(JobId::generate(), Probe::Grow(bytes));
        brief.ephemeral = true;
        let job = place.system.send(&brief).await;
        match is_kept {
            true => assert_eq!(place.result(&job).await.to_string().len(), bytes),
            false => assert_eq!(place.system.events(&job).await.pop().unwrap().data.to_string().len(), bytes),
        }
        assert_eq!(probe.runs(&job), 1);
        place.system.settled().await;
        // Retention finds the object by the row.
        assert_eq!(place.system.ledger.ended(&job).await.unwrap().is_some(), is_kept);
        assert_eq!(place.system.ledger.jobs_with_objects(clock::now(), 10).await.unwrap().contains(&job), is_kept);
    }
    worker.drain().await;
}

#[tokio::test]
async fn a_body_that_is_lost_or_changed_or_anothers_is_a_dead_letter_that_says_so() {
    let place = Place::start().await;
    let probe = ProbeHandler::new();
    let worker = place.system.worker(&probe, 1);
    let body = Probe::Echo(text(LARGE));
    let (lost, changed) = (place.keep(&body).await, place.keep(&body).await);
    fs::remove_file(place.path(&lost)).unwrap();
    let mut bytes = fs::read(place.path(&changed)).unwrap();
    bytes[100] ^= 1;
    fs::write(place.path(&changed), bytes).unwrap();
    let stranger = JobRef { tenant: "other".parse().unwrap(), id: JobId::generate() };
    let secret = serde_json::to_vec(&Probe::Echo("a secret".into())).unwrap();
    let anothers = place.system.claims.put(&stranger, Part::Body, secret.into()).await.unwrap();
    let too_large = Claim { bytes: MOST as u64 + 1, ..place.keep(&body).await };
    let cases = [
        (lost, codes::CLAIM_MISSING, "send the job again"),
        (changed, codes::CLAIM_CORRUPT, "hash"),
        (anothers, codes::INVALID, "no key of an object of this tenant"),
        (too_large, codes::INVALID, "objects.max_bytes"),
    ];
    for (claim, code, said) in cases {
        let job = place.system.submit_claimed(claim).await;
        let events = place.system.events(&job).await;
        assert_eq!(event_names(&events), ["failed"]);
        let failure = events.last().unwrap().parse::<Failure>().unwrap();
        assert_eq!((failure.code.as_str(), failure.param.as_deref()), (code, Some("claim")));
        assert!(failure.message.contains(said), "{failure}");
        assert_eq!(probe.runs(&job), 0);
    }
    place.system.settled().await;
    let letters = dead(&place.system).await;
    assert_eq!(letters.len(), 4);
    assert!(letters.iter().all(|letter| letter.payload.contains("\"claim\"")), "what is replayed is what was sent");
    worker.drain().await;
}

#[tokio::test]
async fn a_worker_that_dies_after_the_result_is_kept_and_before_it_is_stored_changes_nothing() {
    let place = Place::start().await;
    let (first, second) = (ProbeHandler::new(), ProbeHandler::new());
    place.store.returning.forget_permits(1_000);
    let worker = place.system.doomed_worker(&first, 1);
    let job = place.system.submit(Probe::Grow(LARGE)).await;
    place.store.written.acquire().await.unwrap().forget();
    assert_eq!(place.system.ledger.ended(&job).await.unwrap(), None);
    worker.crash().await;
    place.store.returning.add_permits(1_000);
    let other = place.system.worker(&second, 1);
    assert_eq!(place.result(&job).await.to_string().len(), LARGE);
    assert_eq!(place.system.ledger.ended(&job).await.unwrap().unwrap().attempt, 2);
    assert_eq!((first.runs(&job), second.runs(&job)), (1, 1));
    other.drain().await;
}

#[tokio::test]
async fn a_result_that_was_stored_and_not_said_is_said_by_its_claim_and_followed() {
    let place = Place::start().await;
    let mut root = place.system.envelope(JobId::generate(), Probe::Echo("not this one".into()));
    root.on_success = serde_json::from_value(json!([{"kind": "probe", "with": {"/Echo": ""}}])).unwrap();
    let job = JobRef { tenant: place.system.tenant.clone(), id: root.id };
    let output = serde_json::to_vec(&json!(text(LARGE))).unwrap();
    let claim = place.system.claims.put(&job, Part::Output, output.into()).await.unwrap();
    let ended = Ended {
        job: job.clone(),
        kind: Probe::KIND,
        lane: root.lane,
        attempt: 1,
        outcome: Outcome::Claimed(claim),
        created_at: root.created_at,
        ended_at: clock::now(),
        trace_id: None,
        writes: Vec::new(),
        origin: None,
        member: None,
        children: Vec::new(),
        objects: true,
    };
    assert_eq!(place.system.ledger.commit(&ended).await.unwrap(), Committed::Stored);
    let worker = place.system.worker(&ProbeHandler::new(), 2);
    place.system.send(&root).await;
    assert_eq!(place.result(&job).await, json!(text(LARGE)));
    let child = JobRef { id: root.id.derived("on_success.0"), ..job };
    assert_eq!(place.result(&child).await, json!(text(LARGE)));
    worker.drain().await;
}

#[tokio::test]
async fn large_results_flow_into_what_follows_and_into_a_join() {
    let place = Place::start().await;
    let worker = place.system.worker(&ProbeHandler::new(), 4);
    let mut root = place.system.envelope(JobId::generate(), Probe::Grow(LARGE));
    root.on_success = serde_json::from_value(json!([
        {"kind": "probe", "with": {"/Echo": ""}},
        {
            "all": [{"kind": "probe", "with": {"/Echo": ""}}, {"kind": "probe", "body": {"Grow": 3 << 20}}],
            "join": {"kind": "probe", "with": {"/Echo": "/results/1/output"}},
        },
        {
            "all": [{"kind": "probe", "body": {"Grow": 3 << 20}}, {"kind": "probe", "body": {"Grow": 3 << 20}}],
            "join": {"kind": "probe", "with": {"/Echo": "/results/1/output"}},
        },
    ]))
    .unwrap();
    let job = place.system.send(&root).await;
    assert_eq!(place.result(&job).await.to_string().len(), LARGE);
    let of = |what: &str| JobRef { tenant: place.system.tenant.clone(), id: root.id.derived(what) };
    assert_eq!(place.result(&of("on_success.0")).await.to_string().len(), LARGE);
    assert_eq!(place.result(&of("on_success.1.join")).await.to_string().len(), 3 << 20);
    // Six MiB are more than a body may have, so no job can read them.
    let events = place.system.events(&of("on_success.2.join")).await;
    let failure = events.last().unwrap().parse::<Failure>().unwrap();
    assert!(failure.message.contains("objects.max_bytes"), "{failure}");
    worker.drain().await;
}

#[tokio::test]
async fn a_result_that_can_never_be_kept_fails_its_job_in_words() {
    let mut place = Place::start().await;
    let worker = place.system.worker(&ProbeHandler::new(), 1);
    let job = place.system.submit(Probe::Grow(MOST + 1)).await;
    place.system.events(&job).await;
    place.system.claims = Claims::none();
    worker.drain().await;
    let storeless = place.system.worker(&ProbeHandler::new(), 1);
    let other = place.system.submit(Probe::Grow(CLAIM_BYTES + 1)).await;
    let mut brief = place.system.envelope(JobId::generate(), Probe::Grow(CLAIM_BYTES + 1));
    brief.ephemeral = true;
    let brief = place.system.send(&brief).await;
    for (job, said) in [(job, "objects.max_bytes"), (other, "objects.url"), (brief, "objects.url")] {
        let events = place.system.events(&job).await;
        let failure = events.last().unwrap().parse::<Failure>().unwrap();
        assert_eq!(failure.code, codes::RESULT_TOO_LARGE);
        assert!(failure.message.contains(said), "{failure}");
    }
    storeless.drain().await;
}

#[tokio::test]
async fn what_is_forgotten_takes_its_objects_along_and_orphans_are_swept() {
    let place = Place::start().await;
    let worker = place.system.worker(&ProbeHandler::new(), 2);
    let large = place.system.submit_claimed(place.keep(&Probe::Echo(text(LARGE))).await).await;
    let small = place.system.submit(Probe::Echo("small".into())).await;
    for job in [&large, &small] {
        place.result(job).await;
    }
    worker.drain().await;
    let orphan = place.keep(&Probe::Echo("nobody published me".into())).await;
    let (ledger, claims) = (&*place.system.ledger, &place.system.claims);
    let later = clock::now() + TimeDelta::hours(1);
    assert_eq!(reconcilers::sweep_once(ledger, &*place.store, clock::now() - TimeDelta::hours(1)).await.unwrap(), 0);
    assert_eq!(reconcilers::sweep_once(ledger, &*place.store, later).await.unwrap(), 1);
    assert!(!place.path(&orphan).exists());
    let folder = place.folder.path().join(large.to_string());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "a job that has a row keeps its body and its output");
    // While the store is unavailable, only jobs with objects stay.
    place.store.away.store(1, Ordering::SeqCst);
    assert!(reconcilers::forget_some(ledger, claims, later).await.is_err());
    assert_eq!(ledger.ended(&small).await.unwrap(), None);
    assert!(ledger.ended(&large).await.unwrap().is_some());
    assert!(reconcilers::forget_some(ledger, &Claims::none(), later).await.is_ok());
    assert!(ledger.ended(&large).await.unwrap().is_some(), "without a store its objects can't go, so neither can it");
    while reconcilers::forget_some(ledger, claims, later).await.unwrap() > 0 {}
    assert_eq!(ledger.ended(&large).await.unwrap(), None);
    assert!(!folder.exists());
}
