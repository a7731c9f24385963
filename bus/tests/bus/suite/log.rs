//! The log of a job: one writer, any number of readers.

use futures::{StreamExt, TryStreamExt};
use ruche_bus::{AppendError, Bus, Logged};
use ruche_schemas::{EventType, JobRef, Record};

use super::{event, grow, job, tenant};

async fn read(bus: &dyn Bus, job: &JobRef, from: u64) -> Vec<Record> {
    bus.watch(job, from).await.expect("a watch").try_collect().await.expect("events")
}

fn numbers(records: &[Record]) -> Vec<u64> {
    records.iter().map(|record| record.n).collect()
}

pub(crate) async fn append_refuses_a_writer_that_is_behind(bus: &dyn Bus) {
    let job = job();
    let first = bus.append(&job, 0, &event(1, EventType::Accepted)).await.expect("an append");
    assert!(first > 0);
    assert_eq!(bus.append(&job, 0, &event(1, EventType::Started)).await, Err(AppendError::Conflict));
    let second = bus.append(&job, first, &event(2, EventType::Started)).await.expect("an append");
    assert!(second > first);
    assert_eq!(bus.append(&job, first, &event(2, EventType::Delta)).await, Err(AppendError::Conflict));
    assert_eq!(bus.append(&job, second + 5, &event(3, EventType::Delta)).await, Err(AppendError::Conflict));
    assert_eq!(numbers(&bus.replay(&job).await.expect("events")), [1, 2]);
}

pub(crate) async fn an_append_whose_answer_was_lost_can_be_repeated(bus: &dyn Bus) {
    let job = job();
    let first = bus.append(&job, 0, &event(1, EventType::Accepted)).await.expect("an append");
    let started = event(2, EventType::Started);
    let second = bus.append(&job, first, &started).await.expect("an append");
    assert_eq!(bus.append(&job, first, &started).await, Ok(second));
    assert_eq!(bus.replay(&job).await.expect("events").len(), 2);
}

pub(crate) async fn the_beginning_of_a_refused_jobs_log_can_be_taken_back(bus: &dyn Bus) {
    let job = job();
    let accepted = event(1, EventType::Accepted);
    let first = bus.append(&job, 0, &accepted).await.expect("an append");
    bus.retract(&job, first).await.expect("taken back");
    assert_eq!(bus.last(&job).await, Ok(None));
    bus.retract(&job, first).await.expect("again is nothing new");
    bus.append(&job, 0, &accepted).await.expect("the log is as if it had never been begun");
}

pub(crate) async fn the_last_event_tells_where_to_go_on(bus: &dyn Bus) {
    let job = job();
    assert_eq!(bus.last(&job).await, Ok(None));
    assert_eq!(bus.replay(&job).await, Ok(Vec::new()));
    let sequence = grow(bus, &job, 0, 1, 3).await;
    let record = event(4, EventType::Verdict);
    let sequence = bus.append(&job, sequence, &record).await.expect("an append");
    assert_eq!(bus.last(&job).await, Ok(Some(Logged { sequence, record: record.clone() })));
    assert_eq!(bus.replay(&job).await.expect("events")[3], record);
    grow(bus, &job, sequence, 5, 5).await;
}

pub(crate) async fn a_watcher_sees_stored_then_live_events_without_gap_or_repeat(bus: &dyn Bus) {
    let job = job();
    let sequence = grow(bus, &job, 0, 1, 50).await;
    // Watchers start at different moments of the race.
    let writing = async {
        let sequence = grow(bus, &job, sequence, 51, 399).await;
        bus.append(&job, sequence, &event(400, EventType::Done)).await.expect("an append");
    };
    let watching = futures::future::join_all((0..20_u32).map(|i| {
        let job = &job;
        async move {
            tokio::time::sleep(std::time::Duration::from_millis(5) * i).await;
            read(bus, job, 1).await
        }
    }));
    let ((), seen) = tokio::join!(writing, watching);
    let stored = bus.replay(&job).await.expect("events");
    assert_eq!(numbers(&stored), (1..=400).collect::<Vec<_>>());
    for records in seen {
        assert_eq!(records, stored);
    }
}

pub(crate) async fn a_watch_starts_at_any_event(bus: &dyn Bus) {
    let job = job();
    let sequence = grow(bus, &job, 0, 1, 9).await;
    // From an event that is still to come, too.
    let early = bus.watch(&job, 10).await.expect("a watch");
    bus.append(&job, sequence, &event(10, EventType::Done)).await.expect("an append");
    assert_eq!(numbers(&early.try_collect::<Vec<_>>().await.expect("events")), [10]);
    for from in 0..=10 {
        assert_eq!(numbers(&read(bus, &job, from).await), (from.max(1)..=10).collect::<Vec<_>>());
    }
}

pub(crate) async fn a_refused_append_is_never_seen_by_a_watcher(bus: &dyn Bus) {
    let job = job();
    let mut watch = bus.watch(&job, 1).await.expect("a watch");
    let first = bus.append(&job, 0, &event(1, EventType::Started)).await.expect("an append");
    // A worker that was presumed dead continues, with the numbers that would come next.
    for n in 2..=5 {
        let ghost = Record { data: "ghost".into(), ..event(n, EventType::Delta) };
        assert_eq!(bus.append(&job, 0, &ghost).await, Err(AppendError::Conflict));
    }
    bus.append(&job, first, &event(2, EventType::Done)).await.expect("an append");
    for n in 1..=2 {
        let record = watch.next().await.expect("an event").expect("an event");
        assert_eq!((record.n, record.data != "ghost"), (n, true));
    }
    assert!(watch.next().await.is_none());
}

pub(crate) async fn a_watch_ends_after_the_final_event(bus: &dyn Bus) {
    for last in [EventType::Done, EventType::Failed, EventType::Cancelled] {
        let job = job();
        let mut watch = bus.watch(&job, 1).await.expect("a watch");
        let first = bus.append(&job, 0, &event(1, EventType::Started)).await.expect("an append");
        assert_eq!(watch.next().await.expect("an event").map(|record| record.n), Ok(1));
        bus.append(&job, first, &event(2, last)).await.expect("an append");
        assert_eq!(watch.next().await.expect("an event").map(|record| record.event), Ok(last));
        assert!(watch.next().await.is_none());
    }
}

pub(crate) async fn the_same_job_id_of_two_tenants_is_two_logs(bus: &dyn Bus) {
    let ours = job();
    let theirs = JobRef { tenant: tenant("other"), id: ours.id };
    bus.append(&ours, 0, &event(1, EventType::Done)).await.expect("an append");
    assert_eq!(bus.last(&theirs).await, Ok(None));
    bus.append(&theirs, 0, &event(1, EventType::Failed)).await.expect("an append");
    assert_eq!(read(bus, &ours, 1).await[0].event, EventType::Done);
    assert_eq!(read(bus, &theirs, 1).await[0].event, EventType::Failed);
    bus.cancel(&ours).await.expect("a cancel");
    assert_eq!(bus.is_cancelled(&theirs).await, Ok(false));
}

pub(crate) async fn five_hundred_events_are_replayed_in_order(bus: &dyn Bus) {
    let (job, other) = (job(), job());
    let (mut mine, mut theirs) = (0, 0);
    // More than one batch of a read, between the events of another job.
    for n in 1..=1100 {
        mine = grow(bus, &job, mine, n, n).await;
        if n % 2 == 0 {
            theirs = grow(bus, &other, theirs, n / 2, n / 2).await;
        }
    }
    assert_eq!(numbers(&bus.replay(&job).await.expect("events")), (1..=1100).collect::<Vec<_>>());
    assert_eq!(numbers(&bus.replay(&other).await.expect("events")), (1..=550).collect::<Vec<_>>());
}
