//! Dead letters: kept before the job is gone, whole, and found again.

use bytes::Bytes;
use chrono::{SubsecRound, Utc};
use ruche_bus::{Bus, DeadLetter, Headers, Message, topology::MAX_JOB_BYTES};
use ruche_schemas::{Failure, JobRef, Kind, Lane};

use super::{ACK_WAIT, KIND, job, message, next, nothing_comes, queue, tenant};

fn letter(job: &JobRef, attempts: u32) -> DeadLetter {
    DeadLetter {
        job: job.clone(),
        kind: KIND,
        lane: Lane::Normal,
        failure: Failure::new("broken", "it did not work:\r\n\"line two\" é").with_param("body"),
        attempts,
        at: Utc::now().trunc_subsecs(3),
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
    let at = Utc::now();
    delivery.reject(bus, Failure::new("no", "never"), 1, at).await.expect("a confirmation");
    let dead = bus.dead(&KIND, Some(&job.tenant), 10).await.expect("dead letters");
    assert_eq!(dead.len(), 1);
    assert_eq!((&dead[0].job, dead[0].lane, dead[0].attempts, dead[0].at), (&job, Lane::Bulk, 1, at));
    assert_eq!(dead[0].failure, Failure::new("no", "never"));
    assert_eq!(dead[0].payload.as_bytes(), sent.payload);
    assert_eq!(dead[0].headers, sent.headers);
    nothing_comes(&mut queue, ACK_WAIT * 2).await;
}

pub(crate) async fn a_dead_letter_is_kept_once_per_attempt(bus: &dyn Bus) {
    let job = job();
    for attempts in [1, 1, 2, 1] {
        bus.bury(&letter(&job, attempts)).await.expect("a burial");
    }
    let dead = bus.dead(&KIND, None, 10).await.expect("dead letters");
    assert_eq!(dead.iter().map(|letter| letter.attempts).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(dead[1].failure, letter(&job, 1).failure);
}

pub(crate) async fn dead_letters_are_listed_newest_first_by_kind_and_tenant(bus: &dyn Bus) {
    let whole: Vec<_> = (1..=100)
        .map(|n| {
            let owner = JobRef { tenant: tenant(if n % 10 == 0 { "rare" } else { "acme" }), ..job() };
            letter(&owner, n)
        })
        .collect();
    for letter in &whole {
        bus.bury(letter).await.expect("a burial");
        let other = DeadLetter { kind: Kind::new("other"), ..letter.clone() };
        bus.bury(&DeadLetter { job: job(), ..other }).await.expect("a burial");
    }
    let newest: Vec<_> = whole.iter().rev().cloned().collect();
    assert_eq!(bus.dead(&KIND, None, 7).await.expect("dead letters"), newest[..7]);
    assert_eq!(bus.dead(&KIND, None, 1000).await.expect("dead letters"), newest);
    let rare: Vec<_> = newest.iter().filter(|letter| letter.job.tenant == tenant("rare")).cloned().collect();
    assert_eq!(bus.dead(&KIND, Some(&tenant("rare")), 3).await.expect("dead letters"), rare[..3]);
    assert_eq!(bus.dead(&KIND, Some(&tenant("rare")), 50).await.expect("dead letters"), rare);
    assert_eq!(bus.dead(&KIND, Some(&tenant("nobody")), 50).await.expect("dead letters"), []);
    assert_eq!(bus.dead(&KIND, None, 0).await.expect("dead letters"), []);
}

pub(crate) async fn the_largest_job_can_be_buried_whole(bus: &dyn Bus) {
    let payload = Bytes::from(vec![b'"'; MAX_JOB_BYTES - 512]);
    let large = Message { payload: payload.clone(), ..message(&job(), Lane::Normal) };
    bus.publish(large).await.expect("a receipt");
    let delivery = next(&mut queue(bus).await).await;
    let failure = Failure::new("broken", "why ".repeat(100_000));
    delivery.reject(bus, failure, 1, Utc::now()).await.expect("a confirmation");
    let dead = bus.dead(&KIND, None, 1).await.expect("dead letters");
    assert!(dead[0].payload.as_bytes() == payload, "the payload is as it was sent");
    assert!(dead[0].failure.message.starts_with("why why"));
}
