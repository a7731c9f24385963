//! Jobs for later and recurring jobs: never early, each once, gone after they are deleted.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use ruche_bus::{Bus, Every, Headers, Message, PublishError, Receipt, Schedule, ScheduleError};
use ruche_schemas::{JobId, JobRef, Kind, Lane, clock};
use serde_json::{Value, json};

use super::{ACK_WAIT, KIND, job, message, next, nothing_comes, queue, tenant};

/// Long enough to see that nothing comes early.
const DELAY: TimeDelta = TimeDelta::milliseconds(1200);

fn schedule(name: &str, every: Every) -> Schedule {
    let id = JobId::generate();
    Schedule {
        name: name.to_owned(),
        tenant: tenant("acme"),
        kind: KIND,
        lane: Lane::Normal,
        every,
        payload: json!({"id": id, "schedule": name, "body": 1}).to_string().into(),
        paused: false,
        since: clock::now(),
        next: None,
    }
}

fn each_second() -> Every {
    Every::Cron { expression: "* * * * * *".to_owned(), zone: Some("Europe/Paris".to_owned()) }
}

pub(crate) async fn a_job_for_later_is_not_handed_out_early(bus: &dyn Bus) {
    let job = job();
    let headers = Headers::from([("traceparent".to_owned(), "00-1-2-01".to_owned())]);
    let sent = Message { headers: headers.clone(), ..message(&job, Lane::Bulk) };
    let at = clock::now() + DELAY;
    assert_eq!(bus.publish_at(sent.clone(), at).await, Ok(Receipt { duplicate: false }));
    assert_eq!(bus.publish_at(sent.clone(), at).await, Ok(Receipt { duplicate: true }));
    let mut queue = queue(bus).await;
    let delivery = next(&mut queue).await;
    assert!(clock::now() >= at, "{} before {at}", clock::now());
    assert_eq!((&delivery.job, delivery.lane, delivery.attempt), (&job, Lane::Bulk, 1));
    assert_eq!((&delivery.payload, &delivery.headers), (&sent.payload, &headers));
    delivery.done().await.expect("a confirmation");
    nothing_comes(&mut queue, ACK_WAIT * 2).await;
}

pub(crate) async fn a_job_whose_time_is_past_is_handed_out(bus: &dyn Bus) {
    let job = job();
    bus.publish_at(message(&job, Lane::Normal), clock::now() - DELAY).await.expect("a receipt");
    assert_eq!(next(&mut queue(bus).await).await.job, job);
}

pub(crate) async fn a_job_for_later_can_be_taken_back(bus: &dyn Bus) {
    let job = job();
    bus.publish_at(message(&job, Lane::Normal), clock::now() + DELAY).await.expect("a receipt");
    assert_eq!(bus.unpublish(&KIND, &job).await, Ok(true));
    assert_eq!(bus.unpublish(&KIND, &job).await, Ok(false));
    nothing_comes(&mut queue(bus).await, Duration::from_secs(2)).await;
}

pub(crate) async fn a_job_for_later_of_an_unknown_kind_is_refused(bus: &dyn Bus) {
    let kind = Kind::new("nobody");
    let stray = Message { kind: kind.clone(), ..message(&job(), Lane::Normal) };
    assert_eq!(bus.publish_at(stray, clock::now() + DELAY).await, Err(PublishError::UnknownKind { kind }));
}

pub(crate) async fn a_deferred_job_keeps_its_attempts(bus: &dyn Bus) {
    let job = job();
    bus.publish(message(&job, Lane::Normal)).await.expect("a receipt");
    let mut queue = queue(bus).await;
    let soon = || clock::now() + TimeDelta::milliseconds(300);
    // The attempt, and whether the deferral counts.
    next(&mut queue).await.retry(Duration::ZERO).await.expect("a confirmation");
    for (attempt, counts) in [(2, true), (3, false), (3, false), (3, true)] {
        let delivery = next(&mut queue).await;
        assert_eq!((&delivery.job, delivery.attempt), (&job, attempt));
        assert_eq!(delivery.payload, message(&job, Lane::Normal).payload);
        assert!(delivery.headers.is_empty(), "{:?}", delivery.headers);
        let until = soon();
        delivery.defer(until, counts).await.expect("a confirmation");
        let waiting: u64 = bus.depth().await.expect("depth").iter().map(|depth| depth.in_flight).sum();
        assert_eq!(waiting, 0, "a deferred job is not in flight");
    }
    let delivery = next(&mut queue).await;
    assert_eq!(delivery.attempt, 4);
    delivery.retry(Duration::ZERO).await.expect("a confirmation");
    let delivery = next(&mut queue).await;
    assert_eq!(delivery.attempt, 5);
    delivery.done().await.expect("a confirmation");
    nothing_comes(&mut queue, ACK_WAIT * 2).await;
}

pub(crate) async fn a_schedule_fires_jobs_of_its_own_until_it_is_paused_or_ended(bus: &dyn Bus) {
    let (cron, every) = (each_second(), Every::Interval(Duration::from_secs(1)));
    for (name, every) in [("by-clock", cron), ("by-time", every)] {
        let mut schedule = schedule(name, every);
        // Two gateways at once.
        let (one, two) = tokio::join!(bus.schedule(&schedule), bus.schedule(&schedule));
        assert_eq!((one, two), (Ok(()), Ok(())));
        let mut queue = queue(bus).await;
        let mut seen = HashSet::new();
        let started = Instant::now();
        for _ in 0..3 {
            let delivery = next(&mut queue).await;
            let envelope: Value = serde_json::from_slice(&delivery.payload).expect("JSON");
            assert_eq!(envelope["id"], json!(delivery.job.id), "the envelope is the job's own");
            assert_eq!((&envelope["schedule"], &envelope["body"]), (&json!(name), &json!(1)));
            assert!(seen.insert(delivery.job.id), "each firing is another job");
            let same: JobRef = delivery.job.clone();
            delivery.retry(Duration::ZERO).await.expect("a confirmation");
            let again = next(&mut queue).await;
            assert_eq!((&again.job, again.attempt), (&same, 2), "a redelivery is the same job");
            again.done().await.expect("a confirmation");
        }
        assert!(started.elapsed() >= Duration::from_millis(1900), "fired twice a second: {:?}", started.elapsed());
        let known = bus.schedules(&schedule.tenant).await.expect("schedules");
        assert_eq!(known.len(), 1);
        assert_eq!((&known[0].every, &known[0].payload), (&schedule.every, &schedule.payload));
        assert!(known[0].next.is_some_and(|next| next > known[0].since));
        schedule.paused = true;
        bus.schedule(&schedule).await.expect("a schedule");
        drain(&mut queue).await;
        nothing_comes(&mut queue, Duration::from_millis(2200)).await;
        let known = bus.schedules(&schedule.tenant).await.expect("schedules");
        assert_eq!((known.len(), known[0].paused, known[0].next), (1, true, None));
        assert_eq!(known[0].every, schedule.every);
        schedule.paused = false;
        bus.schedule(&schedule).await.expect("a schedule");
        assert!(seen.insert(next(&mut queue).await.job.id));
        assert_eq!(bus.unschedule(&schedule.tenant, name).await, Ok(true));
        assert_eq!(bus.unschedule(&schedule.tenant, name).await, Ok(false));
        drain(&mut queue).await;
        nothing_comes(&mut queue, Duration::from_millis(2200)).await;
        assert_eq!(bus.schedules(&schedule.tenant).await, Ok(Vec::new()));
    }
}

async fn drain(queue: &mut Box<dyn ruche_bus::Deliveries>) {
    let until = tokio::time::Instant::now() + ACK_WAIT + Duration::from_millis(500);
    while let Ok(delivery) = tokio::time::timeout_at(until, next(queue)).await {
        delivery.done().await.expect("a confirmation");
    }
}

pub(crate) async fn a_schedule_that_is_wrong_is_refused_with_words_that_help(bus: &dyn Bus) {
    let cron = |expression: &str, zone: Option<&str>| Every::Cron {
        expression: expression.to_owned(),
        zone: zone.map(str::to_owned),
    };
    let wrong = [
        (cron("* * * * *", None), "six fields"),
        (cron("0 99 * * * *", None), "99"),
        (cron("0 0 8 * * *", Some("Mars/Olympus")), "Europe/Paris"),
        (Every::Interval(Duration::from_millis(10)), "1 second"),
    ];
    for (every, word) in wrong {
        match bus.schedule(&schedule("a", every)).await {
            Err(ScheduleError::Invalid(message) | ScheduleError::UnknownZone(message)) => {
                assert!(message.contains(word), "{message}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(bus.schedule(&schedule("a.b", each_second())).await, Err(ScheduleError::Invalid(_))));
    let stray = Schedule { kind: Kind::new("nobody"), ..schedule("a", each_second()) };
    assert!(matches!(bus.schedule(&stray).await, Err(ScheduleError::Publish(PublishError::UnknownKind { .. }))));
    assert_eq!(bus.schedules(&tenant("acme")).await, Ok(Vec::new()));
}
