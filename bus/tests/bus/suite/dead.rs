//! Dead letters: stored before the job is gone, complete, and found again.

use bytes::Bytes;
use chrono::SubsecRound;
use ruche_bus::{Bus, DeadFilter, DeadLetter, Headers, Message, StoredDeadLetter};
use ruche_schemas::{Failure, JobRef, Kind, Lane, clock, topology::bounds::MAX_JOB_BYTES};

use super::{ACK_WAIT, KIND, job, message, next, nothing_comes, queue, tenant};

fn letter(job: &JobRef, attempts: u32) -> DeadLetter {
    DeadLetter {
        job: job.clone(),
        kind: KIND,
        lane: Lane::Normal,
        failure: Failure::new("broken", "it did not work:\r\n\"line two\" é").with_param("body"),
        attempts,
        at: clock::now().trunc_subsecs(3),
        trace_id: Some("0af7651916cd43dd8448eb211c80319c".to_owned()),
        payload: format!("{{\"try\":{attempts}}}"),
        headers: Headers::from([("traceparent".to_owned(), "00-1-2-01".to_owned())]),
    }
}

pub(crate) async fn a_rejected_job_is_in_dead_before_it_is_gone(bus: &dyn Bus) {
    let job = job();
    let sent = Message { headers: Headers::from([("a".to_owned(), "b".to_owned())]), ..message(&job, Lane::Bulk) };
    bus.publish(sent.clone()).await.expect("a receipt");
    let mut queue = queue(bus).await;
    let delivery = next(&mut queue).await;
    let at = clock::now();
    delivery.reject(bus, Failure::new("no", "never"), 1, at).await.expect("a confirmation");
    let stored = bus.get_dead_letter(&job).await.expect("a read").expect("a dead letter");
    let dead = [&stored.letter];
    assert_eq!((&dead[0].job, dead[0].lane, dead[0].attempts, dead[0].at), (&job, Lane::Bulk, 1, at));
    assert_eq!(dead[0].failure, Failure::new("no", "never"));
    assert_eq!(dead[0].payload.as_bytes(), sent.payload);
    assert_eq!(dead[0].headers, sent.headers);
    nothing_comes(&mut queue, ACK_WAIT * 2).await;
}

pub(crate) async fn a_job_has_one_dead_letter_the_last(bus: &dyn Bus) {
    let (job, other) = (job(), job());
    assert_eq!(bus.get_dead_letter(&job).await, Ok(None));
    bus.put_dead_letter(&letter(&other, 7)).await.expect("a letter");
    for attempts in [1, 1, 2, 1, 3] {
        bus.put_dead_letter(&letter(&job, attempts)).await.expect("a letter");
    }
    let dead = all(bus, &DeadFilter::default()).await;
    assert_eq!(dead.iter().map(|stored| stored.letter.attempts).collect::<Vec<_>>(), [7, 3]);
    assert_eq!(bus.get_dead_letter(&job).await, Ok(Some(dead[1].clone())));
    assert_eq!(dead[1].letter.failure, letter(&job, 3).failure);
    // The same id of another tenant is another job.
    let stranger = JobRef { tenant: tenant("other"), ..job };
    assert_eq!(bus.get_dead_letter(&stranger).await, Ok(None));
}

async fn all(bus: &dyn Bus, filter: &DeadFilter) -> Vec<StoredDeadLetter> {
    bus.list_dead_letters(filter, 0, 1000).await.expect("dead letters")
}

pub(crate) async fn dead_letters_are_listed_and_counted_oldest_first_by_kind_and_tenant(bus: &dyn Bus) {
    let mut whole = Vec::new();
    for n in 1..=60 {
        let owner = JobRef { tenant: tenant(if n % 10 == 0 { "rare" } else { "acme" }), ..job() };
        let kind = if n % 3 == 0 { Kind::new("other") } else { KIND };
        let letter = DeadLetter { kind, ..letter(&owner, n) };
        bus.put_dead_letter(&letter).await.expect("a letter");
        whole.push(letter);
    }
    let (kinds, tenants) = ([None, Some(KIND), Some(Kind::new("other"))], [None, Some("rare"), Some("nobody")]);
    for (kind, owner) in kinds.iter().flat_map(|kind| tenants.iter().map(move |owner| (kind, owner))) {
        let filter = DeadFilter { kind: kind.clone(), tenant: owner.map(tenant) };
        let expected: Vec<_> = whole
            .iter()
            .filter(|letter| kind.as_ref().is_none_or(|kind| letter.kind == *kind))
            .filter(|letter| owner.is_none_or(|owner| letter.job.tenant == tenant(owner)))
            .cloned()
            .collect();
        assert_eq!(bus.count_dead_letters(&filter).await, Ok(expected.len() as u64), "{filter:?}");
        // Page by page.
        let (mut seen, mut after) = (Vec::new(), 0);
        loop {
            let page = bus.list_dead_letters(&filter, after, 7).await.expect("dead letters");
            let Some(last) = page.last() else { break };
            assert!(page.len() == 7 || seen.len() + page.len() == expected.len(), "a short page is the last");
            after = last.sequence;
            seen.extend(page.into_iter().map(|stored| stored.letter));
        }
        assert_eq!(seen, expected, "{filter:?}");
    }
    assert_eq!(bus.list_dead_letters(&DeadFilter::default(), 0, 0).await, Ok(Vec::new()));
}

pub(crate) async fn a_removed_letter_is_gone_and_can_be_put_again(bus: &dyn Bus) {
    let (job, other) = (job(), job());
    bus.put_dead_letter(&letter(&job, 1)).await.expect("a letter");
    bus.put_dead_letter(&letter(&other, 1)).await.expect("a letter");
    let stored = bus.get_dead_letter(&job).await.expect("a read").expect("a dead letter");
    assert_eq!(bus.remove_dead_letter(stored.sequence).await, Ok(true));
    assert_eq!(bus.remove_dead_letter(stored.sequence).await, Ok(false));
    assert_eq!(bus.remove_dead_letter(1_000_000).await, Ok(false));
    assert_eq!(bus.get_dead_letter(&job).await, Ok(None));
    assert_eq!(bus.count_dead_letters(&DeadFilter::default()).await, Ok(1));
    bus.put_dead_letter(&letter(&job, 1)).await.expect("a letter");
    assert!(bus.get_dead_letter(&job).await.expect("a read").is_some_and(|again| again.sequence > stored.sequence));
}

pub(crate) async fn the_largest_job_becomes_a_dead_letter_whole(bus: &dyn Bus) {
    let payload = Bytes::from(vec![b'"'; MAX_JOB_BYTES - 512]);
    let large = Message { payload: payload.clone(), ..message(&job(), Lane::Normal) };
    bus.publish(large).await.expect("a receipt");
    let delivery = next(&mut queue(bus).await).await;
    let failure = Failure::new("broken", "why ".repeat(100_000));
    delivery.reject(bus, failure, 1, clock::now()).await.expect("a confirmation");
    let dead = all(bus, &DeadFilter::default()).await.remove(0).letter;
    assert!(dead.payload.as_bytes() == payload, "the payload is as it was sent");
    assert!(dead.failure.message.starts_with("why why"));
}
