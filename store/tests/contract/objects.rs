//! The contract of object stores, for each adapter: memory, files, and S3 by its real protocol.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::TimeDelta;
use futures::StreamExt;
use ruche_schemas::{
    Claim, JobId, JobRef, TenantId,
    claim::{CLAIM_BYTES, Part},
    clock,
    config::{self, Config},
};
use ruche_services::testing;
use ruche_store::objects::{ClaimError, Claims, ObjectError, Objects, memory::Memory, store::Store};

const TIMEOUT: Duration = Duration::from_secs(60);

type Place = (Arc<dyn Objects>, Option<tempfile::TempDir>);

fn settings(variables: &[(&str, &str)]) -> config::Objects {
    let variables = variables.iter().map(|(key, value)| (format!("RUCHE_OBJECTS__{key}"), (*value).to_owned()));
    Config::from_layers(None, Some(HashMap::from_iter(variables))).expect("settings").objects
}

async fn memory() -> Place {
    (Arc::new(Memory::default()), None)
}

async fn files() -> Place {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("file://{}/made/when/opened", folder.path().display());
    (Arc::new(Store::open(&settings(&[("URL", &url)])).expect("a store")), Some(folder))
}

async fn s3() -> Place {
    let server = testing::shared_s3().await;
    let url = format!("s3://{}/{}", testing::BUCKET, testing::unique("p"));
    let keys = [("ACCESS_KEY", "ruche"), ("SECRET_KEY", "secret")];
    let settings = settings(&[&[("URL", &*url), ("ENDPOINT", &server), ("ALLOW_HTTP", "true")], &keys[..]].concat());
    (Arc::new(Store::open(&settings).expect("a store")), None)
}

fn tenant() -> TenantId {
    "acme".parse().expect("a name")
}

fn job() -> JobRef {
    JobRef { tenant: tenant(), id: JobId::generate() }
}

/// Bytes without a short period.
fn bytes(len: usize) -> Bytes {
    (0..len).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

async fn kept(store: &dyn Objects, job: &JobRef, part: Part, bytes: &Bytes) -> Claim {
    let claim = Claim::of(job, part, bytes);
    store.put(&claim, bytes.clone()).await.expect("room");
    claim
}

async fn read(store: &dyn Objects, claim: &Claim) -> Result<Vec<u8>, ObjectError> {
    let mut pieces = store.open(claim).await?;
    let mut all = Vec::new();
    while let Some(piece) = pieces.next().await {
        all.extend_from_slice(&piece?);
    }
    Ok(all)
}

/// The jobs with older objects, without duplicates, restricted to this test's jobs.
async fn older(store: &dyn Objects, than: TimeDelta, of: &[&JobRef]) -> Vec<JobRef> {
    let found: Vec<_> = store.older(clock::now() + than).map(|job| job.expect("a list")).collect().await;
    of.iter().filter(|job| found.contains(job)).map(|job| (*job).clone()).collect()
}

async fn what_was_put_is_what_is_read(store: Arc<dyn Objects>) {
    for len in [0, 1, CLAIM_BYTES + 1, 3 << 20] {
        let (job, bytes) = (job(), bytes(len));
        let claim = kept(&*store, &job, Part::Body, &bytes).await;
        // Idempotent.
        store.put(&claim, bytes.clone()).await.expect("room");
        assert_eq!(read(&*store, &claim).await.expect("what was put"), bytes, "{len} bytes");
    }
}

async fn what_is_not_there_is_missing(store: Arc<dyn Objects>) {
    let claim = Claim::of(&job(), Part::Body, b"never");
    assert_eq!(read(&*store, &claim).await, Err(ObjectError::Missing(claim.key.clone())));
    store.delete(&claim).await.expect("nothing to delete");
    store.delete_all(&job()).await.expect("nothing to delete");
}

async fn what_was_changed_is_corrupt_and_never_read_whole(store: Arc<dyn Objects>) {
    let whole = bytes(1 << 20);
    let mut flipped = whole.to_vec();
    flipped[1 << 19] ^= 1;
    let mut longer = whole.to_vec();
    longer.push(0);
    let shorter = whole.slice(..whole.len() - 1);
    for (changed, what) in [(flipped.into(), "hash"), (longer.into(), "more than"), (shorter, "but should have")] {
        let claim = Claim::of(&job(), Part::Output, &whole);
        store.put(&claim, changed).await.expect("room");
        let mut pieces = store.open(&claim).await.expect("an object");
        let (mut seen, mut last) = (0, None);
        while let Some(piece) = pieces.next().await {
            seen += piece.as_ref().map_or(0, Bytes::len);
            last = Some(piece);
        }
        match last {
            Some(Err(ObjectError::Corrupt { key, what: found })) => {
                assert_eq!(key, claim.key);
                assert!(found.contains(what), "{found}");
            }
            other => panic!("{what}: {other:?}"),
        }
        assert!(seen < whole.len(), "whoever reads it must not take it for whole");
    }
}

async fn what_is_deleted_is_gone_and_nothing_else(store: Arc<dyn Objects>) {
    let (one, other) = (job(), job());
    let neighbour = JobRef { tenant: "acme2".parse().expect("a name"), id: one.id };
    let small = bytes(100);
    let body = kept(&*store, &one, Part::Body, &small).await;
    let output = kept(&*store, &one, Part::Output, &small).await;
    let others = [kept(&*store, &other, Part::Body, &small).await, kept(&*store, &neighbour, Part::Body, &small).await];
    store.delete(&body).await.expect("deleted");
    assert!(matches!(read(&*store, &body).await, Err(ObjectError::Missing(_))));
    assert!(read(&*store, &output).await.is_ok());
    kept(&*store, &one, Part::Body, &small).await;
    store.delete_all(&one).await.expect("deleted");
    for claim in [&body, &output] {
        assert!(matches!(read(&*store, claim).await, Err(ObjectError::Missing(_))), "{}", claim.key);
    }
    for claim in &others {
        assert_eq!(read(&*store, claim).await.expect("another job's"), small, "{}", claim.key);
    }
}

async fn old_objects_are_found_by_their_jobs(store: Arc<dyn Objects>) {
    let (one, other) = (job(), job());
    kept(&*store, &one, Part::Body, &bytes(10)).await;
    kept(&*store, &other, Part::Body, &bytes(10)).await;
    assert_eq!(older(&*store, TimeDelta::hours(1), &[&one, &other]).await, [one.clone(), other.clone()]);
    assert_eq!(older(&*store, TimeDelta::hours(-1), &[&one, &other]).await, []);
    store.delete_all(&one).await.expect("deleted");
    assert_eq!(older(&*store, TimeDelta::hours(1), &[&one, &other]).await, [other]);
}

async fn a_claim_is_for_its_tenant_only_and_has_bounds(store: Arc<dyn Objects>) {
    let claims = Claims::new(store, 1 << 20);
    let job = job();
    let claim = claims.put(&job, Part::Body, bytes(1 << 20)).await.expect("as much as may be");
    assert_eq!(claims.get(&job.tenant, &claim).await.expect("mine"), bytes(1 << 20));
    let other: TenantId = "other".parse().expect("a name");
    assert!(matches!(claims.get(&other, &claim).await, Err(ClaimError::Foreign(_))));
    assert!(matches!(claims.read(&other, &claim).await.map(drop), Err(ClaimError::Foreign(_))));
    let too_many = ClaimError::TooLarge { bytes: (1 << 20) + 1, max: 1 << 20 };
    assert_eq!(claims.put(&job, Part::Body, bytes((1 << 20) + 1)).await, Err(too_many.clone()));
    let lie = Claim { bytes: (1 << 20) + 1, ..claim };
    assert_eq!(claims.get(&job.tenant, &lie).await, Err(too_many));
}

macro_rules! promises {
    (@ $module:ident $place:ident $($promise:ident)+) => {
        mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let (store, _place) = super::$place().await;
                tokio::time::timeout(super::TIMEOUT, super::$promise(store)).await.expect("in time");
            })+
        }
    };
    ($($promise:ident)+) => {
        promises!(@ in_memory memory $($promise)+);
        promises!(@ in_files files $($promise)+);
        promises!(@ in_s3 s3 $($promise)+);
    };
}

promises! {
    what_was_put_is_what_is_read
    what_is_not_there_is_missing
    what_was_changed_is_corrupt_and_never_read_whole
    what_is_deleted_is_gone_and_nothing_else
    old_objects_are_found_by_their_jobs
    a_claim_is_for_its_tenant_only_and_has_bounds
}

#[tokio::test]
async fn a_store_that_is_away_is_unavailable_and_has_lost_nothing() {
    let claim = Claim::of(&job(), Part::Body, b"x");
    let away = |store: Store| {
        let claim = claim.clone();
        async move {
            for result in [store.open(&claim).await.map(drop), store.put(&claim, Bytes::from_static(b"x")).await] {
                assert!(matches!(result, Err(ObjectError::Unavailable(_))), "{result:?}");
            }
        }
    };
    // No server listens on this port.
    let endpoint = format!("http://127.0.0.1:{}", ruche_services::ports::free());
    let keys = [("ACCESS_KEY", "ruche"), ("SECRET_KEY", "secret"), ("ALLOW_HTTP", "true")];
    let nobody = settings(&[&[("URL", "s3://bucket"), ("ENDPOINT", &*endpoint)], &keys[..]].concat());
    away(Store::open(&nobody).expect("settings that can be right")).await;
    // The bucket does not exist.
    let server = testing::shared_s3().await;
    let no_bucket = settings(&[&[("URL", "s3://no-such-bucket"), ("ENDPOINT", &*server)], &keys[..]].concat());
    away(Store::open(&no_bucket).expect("settings that can be right")).await;
    // The folder was removed, or never mounted.
    let folder = tempfile::tempdir().expect("a folder");
    let files = settings(&[("URL", &format!("file://{}", folder.path().display()))]);
    let files = Store::open(&files).expect("a store");
    drop(folder);
    assert!(matches!(files.open(&claim).await.map(drop), Err(ObjectError::Unavailable(_))));
}

#[tokio::test]
async fn without_a_store_what_is_large_is_refused_by_the_name_of_the_setting() {
    let claims = Claims::open(&settings(&[])).expect("none");
    assert_eq!(claims.fits(CLAIM_BYTES), Ok(()));
    let error = claims.put(&job(), Part::Body, bytes(CLAIM_BYTES + 1)).await.expect_err("no store");
    assert!(error.to_string().contains("objects.url") && error.is_temporary(), "{error}");
    let claim = Claim::of(&job(), Part::Body, b"x");
    assert_eq!(claims.get(&tenant(), &claim).await, Err(ClaimError::NoStore));
    let folder = tempfile::NamedTempFile::new().expect("a file");
    let no_folder = settings(&[("URL", &format!("file://{}/x", folder.path().display()))]);
    let error = Claims::open(&no_folder).expect_err("a file is no folder").to_string();
    assert!(error.contains("objects.url"), "{error}");
}
