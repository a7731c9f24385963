//! Documents that handlers make: in files, with a real NATS and a real Postgres.

use std::{fs, sync::atomic::Ordering};

use chrono::TimeDelta;
use ruche_schemas::{Claim, Failure, JobId, JobRef, claim::Part, clock, failure::codes};
use ruche_store::{ledger::Ledger, objects::Claims, retention::Retention};
use ruche_workers::reconcilers;

use crate::runtime::{
    claims::{Place, event_names},
    probe::{Probe, ProbeHandler},
};

async fn claimed(place: &Place, job: &JobRef) -> Claim {
    serde_json::from_str(place.result(job).await.as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_document_is_where_the_output_says_and_goes_with_its_job() {
    let place = Place::start().await;
    let worker = place.system.worker(&ProbeHandler::new(), 1);
    let job = place.system.submit(Probe::Document("Once upon a time".into())).await;
    let claim = claimed(&place, &job).await;
    assert_eq!(claim, Claim::of(&job, Part::Document, b"Once upon a time"));
    assert_eq!(place.system.claims.get(&job.tenant, &claim).await.unwrap(), "Once upon a time");
    worker.drain().await;
    let (ledger, later) = (&*place.system.ledger, clock::now() + TimeDelta::hours(1));
    assert_eq!(ledger.jobs_with_objects(later, 10).await.unwrap(), std::slice::from_ref(&job));
    while reconcilers::forget_some(ledger, &place.system.claims, later).await.unwrap() > 0 {}
    assert_eq!(ledger.ended(&job).await.unwrap(), None);
    assert!(!place.folder.path().join(&claim.key).exists());
}

#[tokio::test]
async fn a_document_that_can_not_be_kept_now_waits_and_is_not_made_again() {
    let place = Place::start().await;
    place.store.away.store(3, Ordering::SeqCst);
    let probe = ProbeHandler::new();
    let worker = place.system.worker(&probe, 1);
    let job = place.system.submit(Probe::Document("Once".into())).await;
    let claim = claimed(&place, &job).await;
    assert_eq!((probe.runs(&job), place.store.away.load(Ordering::SeqCst)), (1, 0));
    assert_eq!(place.system.claims.get(&job.tenant, &claim).await.unwrap(), "Once");
    worker.drain().await;
}

#[tokio::test]
async fn a_worker_that_dies_after_the_document_is_kept_and_before_the_commit_changes_nothing() {
    let place = Place::start().await;
    place.store.returning.forget_permits(1_000);
    let worker = place.system.doomed_worker(&ProbeHandler::new(), 1);
    let job = place.system.submit(Probe::Document("Once".into())).await;
    place.store.written.acquire().await.unwrap().forget();
    assert_eq!(place.system.ledger.ended(&job).await.unwrap(), None, "the document goes first");
    worker.crash().await;
    place.store.returning.add_permits(1_000);
    let other = place.system.worker(&ProbeHandler::new(), 1);
    claimed(&place, &job).await;
    let folder = place.folder.path().join(job.to_string());
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "the same document has the same name");
    other.drain().await;
}

#[tokio::test]
async fn an_ephemeral_job_that_keeps_a_document_has_a_row_that_leads_to_it() {
    let place = Place::start().await;
    let probe = ProbeHandler::new();
    let worker = place.system.worker(&probe, 1);
    let mut brief = place.system.envelope(JobId::generate(), Probe::Document("Once".into()));
    brief.ephemeral = true;
    let job = place.system.send(&brief).await;
    let claim = claimed(&place, &job).await;
    assert_eq!(place.system.claims.get(&job.tenant, &claim).await.unwrap(), "Once");
    assert_eq!(place.system.ledger.jobs_with_objects(clock::now(), 10).await.unwrap(), std::slice::from_ref(&job));
    assert_eq!(probe.runs(&job), 1);
    worker.drain().await;
}

#[tokio::test]
async fn a_document_that_can_never_be_kept_fails_its_job_in_words() {
    let mut place = Place::start().await;
    place.system.claims = Claims::new(place.store.clone(), 1_000);
    let worker = place.system.worker(&ProbeHandler::new(), 1);
    let large = place.system.submit(Probe::Document("x".repeat(1_001))).await;
    place.system.events(&large).await;
    worker.drain().await;
    place.system.claims = Claims::none();
    let storeless = place.system.worker(&ProbeHandler::new(), 1);
    let other = place.system.submit(Probe::Document("Once".into())).await;
    let cases =
        [(large, codes::RESULT_TOO_LARGE, "objects.max_bytes"), (other, codes::RESULT_TOO_LARGE, "objects.url")];
    for (job, code, said) in cases {
        let events = place.system.events(&job).await;
        assert_eq!(event_names(&events), ["failed"]);
        let failure = events.last().unwrap().parse::<Failure>().unwrap();
        assert_eq!(failure.code, code, "{failure}");
        assert!(failure.message.contains(said), "{failure}");
    }
    storeless.drain().await;
}
