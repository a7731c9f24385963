//! Large bodies and results: stored, refused, shown, sent and replayed.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use reqwest::Method;
use ruche_bus::{Bus as _, DeadLetter, DeadLetterQueue as _, FlowControl as _, Headers};
use ruche_schemas::{
    Backoff, Claim, Envelope, EventType, Failure, Invalid, Job, JobId, JobRef, Kind, Lane, Limits, Record, claim::Part,
    clock, kinds::Descriptor,
};
use ruche_store::{
    jobs::EndedJob,
    objects::{Claims, ObjectError, Objects, Pieces, memory::Memory},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::{Fixture, SseReader, json_of, lines_of, refused, tenant, with_kinds};

/// The most bytes of a body or a result here.
const MOST: u64 = 3 << 20;
/// Larger than a message may be.
const LARGE: usize = 400 << 10;

/// A kind with large bodies.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Blob {
    text: String,
}

impl Job for Blob {
    const KIND: Kind = Kind::new("blob");
    const VERSION: u16 = 1;
    const LIMITS: Limits = Limits {
        payload_bytes: 8 << 20,
        deadline: Duration::from_secs(60),
        attempts: 3,
        backoff: Backoff { base: Duration::from_secs(1), factor: 2.0, cap: Duration::from_secs(60) },
    };
    type Progress = ();
    type Output = String;
    type Settings = ();

    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

fn blob(bytes: usize) -> Value {
    json!({ "text": "x".repeat(bytes) })
}

async fn start() -> (Fixture, Arc<Memory>) {
    let objects = Arc::new(Memory::default());
    let claims = Claims::new(objects.clone(), MOST);
    (with_kinds(vec![Descriptor::of::<Blob>()], |app| app.claims = claims).await, objects)
}

impl Fixture {
    async fn send(&self, body: &Value, key: Option<&str>) -> reqwest::Response {
        let request = self.request(Method::POST, "/v1/jobs/blob").json(body);
        let request = key.map_or(request.try_clone().unwrap(), |key| request.header("idempotency-key", key));
        request.send().await.unwrap()
    }

    async fn queued(&self) -> Vec<Envelope<Value>> {
        let queued = self.bus.queued(&Blob::KIND, &tenant("acme"), 0, 100).await.unwrap();
        queued.iter().map(|queued| serde_json::from_slice(&queued.payload).unwrap()).collect()
    }
}

async fn body_of(objects: &Arc<Memory>, job: &Envelope<Value>) -> Value {
    assert_eq!(job.body, Value::Null);
    let claims = Claims::new(objects.clone(), MOST);
    let bytes = claims.get(&job.tenant, job.claim.as_ref().unwrap()).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn a_large_body_is_in_the_store_before_its_job_is_in_the_queue() {
    let (gateway, objects) = start().await;
    // One is over gateway.body_bytes, too.
    let sizes = [10, 2 << 20];
    for bytes in sizes {
        assert_eq!(gateway.send(&blob(bytes), None).await.status(), 202);
    }
    let lines: Vec<String> =
        sizes.iter().map(|bytes| json!({ "kind": "blob", "body": blob(*bytes) }).to_string()).collect();
    let answers = lines_of(gateway.lines("", lines.join("\n")).await).await;
    assert_eq!(answers[2]["batch"]["accepted"], 2, "{answers:?}");
    let queued = gateway.queued().await;
    assert_eq!((queued.len(), objects.keys().len()), (4, 2));
    for (i, job) in queued.iter().enumerate() {
        match i % 2 {
            0 => assert_eq!((&job.body, &job.claim), (&blob(10), &None)),
            _ => {
                assert_eq!(body_of(&objects, job).await, blob(2 << 20));
                assert!(job.claim.as_ref().unwrap().key.starts_with(&format!("acme/{}/body.", job.id)));
            }
        }
    }
}

#[tokio::test]
async fn the_same_key_is_the_same_body_whatever_its_size() {
    let (gateway, objects) = start().await;
    let first = json_of(gateway.send(&blob(LARGE), Some("a")).await).await;
    let again = json_of(gateway.send(&blob(LARGE), Some("a")).await).await;
    assert_eq!((&again["id"], &again["duplicate"]), (&first["id"], &json!(true)));
    for other in [blob(LARGE + 1), blob(1)] {
        assert_eq!(refused(gateway.send(&other, Some("a")).await, 422).await.1, "idempotency_key_reused");
    }
    assert_eq!(objects.keys().len(), 1, "{:?}", objects.keys());
    assert_eq!(body_of(&objects, &gateway.queued().await[0]).await, blob(LARGE));
}

#[tokio::test]
async fn a_body_that_can_not_be_kept_is_refused_and_nothing_is_published() {
    let storeless = with_kinds(vec![Descriptor::of::<Blob>()], |_| {}).await;
    let response = storeless.send(&blob(LARGE), None).await;
    assert_eq!(response.status(), 413);
    assert!(response.text().await.unwrap().contains("objects.url"));
    assert_eq!(storeless.send(&blob(200 << 10), None).await.status(), 202);
    let (gateway, objects) = start().await;
    let response = gateway.send(&blob(3 << 20), None).await;
    assert_eq!(response.status(), 413);
    assert!(response.text().await.unwrap().contains("objects.max_bytes"));
    assert_eq!(refused(gateway.send(&blob(6 << 20), None).await, 413).await.1, "payload_too_large");
    assert_eq!((gateway.waiting().await, objects.keys().len()), (0, 0));
    let away = Claims::new(Arc::new(Away), MOST);
    let gateway = with_kinds(vec![Descriptor::of::<Blob>()], |app| app.claims = away).await;
    let response = gateway.send(&blob(LARGE), None).await;
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(refused(response, 503).await.1, "objects_unavailable");
    assert_eq!(gateway.send(&blob(1), None).await.status(), 202, "who needs no store is not held up by it");
}

#[tokio::test]
async fn a_very_large_body_is_read_to_its_end_where_that_is_allowed() {
    let gateway = with_kinds(vec![Descriptor::of::<Blob>()], |app| app.settings.body_bytes = 80 << 20).await;
    let response = gateway.send(&blob(66 << 20), None).await;
    // Read whole, it is refused for its size, and not as truncated JSON.
    assert_eq!(refused(response, 413).await, ("body".to_owned(), "payload_too_large".to_owned()));
}

#[tokio::test]
async fn the_body_of_a_job_that_is_refused_does_not_stay() {
    let (gateway, objects) = start().await;
    for _ in 0..100 {
        assert_eq!(gateway.send(&blob(1), None).await.status(), 202);
    }
    assert_eq!(refused(gateway.send(&blob(LARGE), None).await, 503).await.1, "queue_full");
    assert_eq!(objects.keys(), Vec::<String>::new());
}

/// Completes a job with this result; returns its id.
async fn done(gateway: &Fixture, objects: &Memory, output: &Value) -> (String, Claim) {
    let job = JobRef { tenant: tenant("acme"), id: JobId::generate() };
    let bytes = Bytes::from(output.to_string());
    let claim = Claim::of(&job, Part::Output, &bytes);
    objects.put(&claim, bytes).await.unwrap();
    let id = job.id.to_string();
    let row =
        EndedJob { job, kind: Blob::KIND, data: Value::Null, claim: Some(claim.clone()), ..crate::jobs::ended("acme") };
    gateway.store.put_job(row);
    (id, claim)
}

#[tokio::test]
async fn a_large_result_is_shown_up_to_a_bound_and_sent_whole_at_its_place() {
    let (gateway, objects) = start().await;
    for (bytes, shown) in [(LARGE, true), (2 << 20, false)] {
        let output = json!("x".repeat(bytes));
        let (job, claim) = done(&gateway, &objects, &output).await;
        let view = gateway.read(&format!("/v1/jobs/{job}")).await;
        assert_eq!(view["output"], if shown { output.clone() } else { Value::Null }, "{bytes}");
        let place = format!("/v1/jobs/{job}/result");
        assert_eq!(view["result"], json!({ "url": place, "bytes": claim.bytes, "blake3": claim.blake3 }));
        let response = gateway.get(&place).send().await.unwrap();
        let tag = response.headers()["etag"].to_str().unwrap().to_owned();
        assert_eq!(response.headers()["content-length"], claim.bytes.to_string().as_str());
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(json_of(response).await, output);
        assert_eq!(gateway.get(&place).header("if-none-match", tag).send().await.unwrap().status(), 304);
        let theirs = gateway.as_key(&gateway.stranger, Method::GET, &place).send().await.unwrap();
        assert_eq!(refused(theirs, 404).await.1, "job_not_found");
        let events = SseReader::new(gateway.get(&format!("/v1/jobs/{job}/events")).send().await.unwrap()).all().await;
        let told = events[0].json();
        assert_eq!(
            (&told["type"], told.get("data"), &told["claim"]["bytes"]),
            (&json!("done"), None, &json!(claim.bytes))
        );
    }
}

#[tokio::test]
async fn a_result_that_is_not_there_says_why() {
    let (gateway, objects) = start().await;
    let result = |job: &str| gateway.get(&format!("/v1/jobs/{job}/result")).send();
    let small = EndedJob { kind: Blob::KIND, ..crate::jobs::ended("acme") };
    gateway.store.put_job(small.clone());
    assert_eq!(json_of(result(&small.job.id.to_string()).await.unwrap()).await, json!({ "text": "kept" }));
    let failed = EndedJob { state: EventType::Failed, ..crate::jobs::ended("acme") };
    gateway.store.put_job(failed.clone());
    assert_eq!(refused(result(&failed.job.id.to_string()).await.unwrap(), 409).await.1, "no_result");
    assert_eq!(refused(result(&JobId::generate().to_string()).await.unwrap(), 404).await.1, "job_not_found");
    let (gone, claim) = done(&gateway, &objects, &json!("x".repeat(LARGE))).await;
    objects.delete(&claim).await.unwrap();
    assert_eq!(refused(result(&gone).await.unwrap(), 410).await.1, "object_missing");
    let view = gateway.read(&format!("/v1/jobs/{gone}")).await;
    assert_eq!((&view["state"], view.get("output")), (&json!("done"), None), "the job is shown all the same");
    let (changed, claim) = done(&gateway, &objects, &json!("x".repeat(LARGE))).await;
    objects.put(&claim, Bytes::from(json!("y".repeat(LARGE)).to_string())).await.unwrap();
    let broken = result(&changed).await;
    let broken = match broken {
        Ok(response) => response.bytes().await.is_err(),
        Err(_) => true,
    };
    assert!(broken, "what was changed never arrives whole");
}

#[tokio::test]
async fn a_job_whose_log_alone_is_left_has_its_result_too() {
    let (gateway, objects) = start().await;
    let job = JobRef { tenant: tenant("acme"), id: JobId::generate() };
    let output = json!("x".repeat(LARGE));
    let claim = Claim::of(&job, Part::Output, output.to_string().as_bytes());
    objects.put(&claim, output.to_string().into()).await.unwrap();
    let (event, at, data) = (EventType::Done, clock::now(), Value::Null);
    let record = Record { n: 1, event, kind: Blob::KIND, attempt: 1, at, data, claim: Some(claim) };
    gateway.bus.append(&job, 0, &record).await.unwrap();
    assert_eq!(gateway.read(&format!("/v1/jobs/{}", job.id)).await["output"], output);
    assert_eq!(gateway.read(&format!("/v1/jobs/{}/result", job.id)).await, output);
}

/// Puts a job with this large body into the dead-letter queue; returns its id.
async fn dead_letter(gateway: &Fixture, objects: &Memory, body: &Value) -> (String, Claim) {
    let job = JobRef { tenant: tenant("acme"), id: JobId::generate() };
    let claim = Claim::of(&job, Part::Body, body.to_string().as_bytes());
    objects.put(&claim, body.to_string().into()).await.unwrap();
    let mut envelope = Envelope::of(Blob::KIND, 1, job.id, job.tenant.clone(), Lane::Bulk, clock::now(), Value::Null);
    envelope.claim = Some(claim.clone());
    let id = job.id.to_string();
    let letter = DeadLetter {
        job,
        kind: Blob::KIND,
        lane: Lane::Bulk,
        failure: Failure::new("bad", "it went wrong"),
        attempts: 3,
        at: clock::now(),
        trace_id: None,
        payload: serde_json::to_string(&envelope).unwrap(),
        headers: Headers::new(),
    };
    gateway.bus.put_dead_letter(&letter).await.unwrap();
    (id, claim)
}

#[tokio::test]
async fn a_dead_letter_is_shown_with_its_large_body_replayed_and_edited() {
    let (gateway, objects) = start().await;
    let (replayed, first) = dead_letter(&gateway, &objects, &blob(LARGE)).await;
    let (edited, _) = dead_letter(&gateway, &objects, &blob(LARGE)).await;
    let (lost, claim) = dead_letter(&gateway, &objects, &blob(LARGE)).await;
    objects.delete(&claim).await.unwrap();
    assert_eq!(gateway.read(&format!("/v1/dead/{replayed}")).await["body"], blob(LARGE));
    let shown = gateway.read(&format!("/v1/dead/{lost}")).await;
    assert_eq!((&shown["body"], &shown["claim"]["key"]), (&Value::Null, &json!(claim.key)));
    let replay =
        |id: &str, body: Value| gateway.request(Method::POST, &format!("/v1/dead/{id}/replay")).json(&body).send();
    let job = json_of(replay(&replayed, json!({})).await.unwrap()).await;
    assert_eq!(replay(&edited, json!({ "body": blob(2 << 20) })).await.unwrap().status(), 202);
    assert_eq!(refused(replay(&lost, json!({})).await.unwrap(), 410).await.1, "object_missing");
    assert_eq!(replay(&lost, json!({ "body": blob(1) })).await.unwrap().status(), 202);
    // The replayed job does not use the dead one's objects.
    objects.delete(&first).await.unwrap();
    let queued = gateway.queued().await;
    assert_eq!(queued[0].id.to_string(), job["id"].as_str().unwrap());
    assert_eq!(body_of(&objects, &queued[0]).await, blob(LARGE));
    assert_eq!(body_of(&objects, &queued[1]).await, blob(2 << 20));
    assert_eq!((&queued[2].body, &queued[2].claim), (&blob(1), &None));
    assert_eq!(gateway.read("/v1/dead").await["data"], json!([]));
}

/// A store without connection.
#[derive(Debug)]
struct Away;

fn away() -> ObjectError {
    ObjectError::Unavailable("told to be away".into())
}

#[async_trait]
impl Objects for Away {
    async fn put(&self, _: &Claim, _: Bytes) -> Result<(), ObjectError> {
        Err(away())
    }

    async fn open(&self, _: &Claim) -> Result<Pieces, ObjectError> {
        Err(away())
    }

    async fn delete(&self, _: &Claim) -> Result<(), ObjectError> {
        Err(away())
    }

    async fn delete_all(&self, _: &JobRef) -> Result<(), ObjectError> {
        Err(away())
    }

    fn older(&self, _: DateTime<Utc>) -> BoxStream<'static, Result<JobRef, ObjectError>> {
        Box::pin(futures::stream::iter([Err(away())]))
    }
}
