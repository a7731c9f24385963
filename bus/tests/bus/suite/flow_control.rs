//! Pauses, queued jobs, and caps.

use std::time::Duration;

use futures::{StreamExt, future};
use ruche_bus::{Bus, Caps, Message, Pause, TenantCaps};
use ruche_schemas::{JobId, JobRef, Kind, Lane};

use super::{ACK_WAIT, KIND, job, message, next, publish, queue, slots, tenant};

pub(crate) async fn pauses_are_heard_as_they_are_and_as_they_change(bus: &dyn Bus) {
    let (kind, owner) = (Pause::Kind(KIND), Pause::Tenant(tenant("acme")));
    let worker = Pause::Worker("host.a b-1".to_owned());
    let mut early = bus.pauses().await.expect("a listener");
    assert_eq!(early.next().await, Some(Vec::new()));
    bus.set_paused(&kind, true).await.expect("a pause");
    assert_eq!(early.next().await, Some(vec![kind.clone()]));
    // A second pause changes nothing; a kind that is not paused can be resumed.
    bus.set_paused(&kind, true).await.expect("a pause");
    bus.set_paused(&owner, false).await.expect("a pause");
    bus.set_paused(&owner, true).await.expect("a pause");
    assert_eq!(early.next().await, Some(vec![kind.clone(), owner.clone()]));
    bus.set_paused(&worker, true).await.expect("a pause");
    assert_eq!(early.next().await, Some(vec![kind.clone(), owner.clone(), worker.clone()]));
    let mut late = bus.pauses().await.expect("a listener");
    assert_eq!(late.next().await, Some(vec![kind.clone(), owner.clone(), worker.clone()]));
    bus.set_paused(&kind, false).await.expect("a pause");
    for listener in [&mut early, &mut late] {
        assert_eq!(listener.next().await, Some(vec![owner.clone(), worker.clone()]));
    }
}

pub(crate) async fn the_caps_of_tenants_are_heard_as_they_are_and_as_they_change(bus: &dyn Bus) {
    let (acme, other) = (tenant("acme"), tenant("other"));
    let few = Caps { in_flight: Some(1), ..Caps::default() };
    let many = Caps { per_second: Some(9), backlog: Some(1000), ..Caps::default() };
    let mut early = bus.caps().await.expect("a listener");
    assert_eq!(early.next().await, Some(TenantCaps::new()));
    bus.set_caps(&acme, Some(&few)).await.expect("caps");
    assert_eq!(early.next().await, Some(TenantCaps::from([(acme.clone(), few)])));
    // A pause of the same name is another thing.
    bus.set_paused(&Pause::Tenant(acme.clone()), true).await.expect("a pause");
    bus.set_caps(&other, Some(&many)).await.expect("caps");
    let both = TenantCaps::from([(acme.clone(), few), (other.clone(), many)]);
    assert_eq!(early.next().await, Some(both.clone()));
    let (mut late, mut pauses) = (bus.caps().await.expect("a listener"), bus.pauses().await.expect("a listener"));
    assert_eq!(late.next().await, Some(both));
    assert_eq!(pauses.next().await, Some(vec![Pause::Tenant(acme.clone())]), "caps pause nothing");
    bus.set_caps(&acme, Some(&many)).await.expect("caps");
    bus.set_caps(&acme, None).await.expect("caps");
    for listener in [&mut early, &mut late] {
        while listener.next().await.expect("caps").contains_key(&acme) {}
    }
}

pub(crate) async fn a_tenants_jobs_are_listed_until_they_end(bus: &dyn Bus) {
    let mut expected = Vec::new();
    for n in 0..12_usize {
        let owner = JobRef { tenant: tenant(if n % 4 == 3 { "other" } else { "acme" }), ..job() };
        let lane = Lane::ALL[n % 3];
        let sent = Message { headers: [("n".to_owned(), n.to_string())].into(), ..message(&owner, lane) };
        bus.publish(sent.clone()).await.expect("a receipt");
        if owner.tenant == tenant("acme") {
            expected.push(sent);
        }
    }
    let acme = tenant("acme");
    let (mut seen, mut after) = (Vec::new(), 0);
    loop {
        let page = bus.queued(&KIND, &acme, after, 4).await.expect("jobs");
        let Some(last) = page.last() else { break };
        after = last.sequence;
        seen.extend(page);
    }
    assert_eq!(seen.len(), expected.len());
    for (queued, sent) in seen.iter().zip(&expected) {
        assert_eq!((&queued.job, queued.lane, &queued.payload), (&sent.job, sent.lane, &sent.payload));
        assert_eq!((&queued.kind, &queued.headers, queued.run_at), (&KIND, &sent.headers, None));
    }
    assert_eq!(bus.backlog(&KIND, &acme).await, Ok(9));
    assert_eq!(bus.backlog(&KIND, &tenant("other")).await, Ok(3));
    assert_eq!(bus.backlog(&KIND, &tenant("nobody")).await, Ok(0));
    let mut queue = queue(bus).await;
    let mut held = Vec::new();
    while held.len() < 12 {
        held.extend(queue.next(slots(12)).await);
    }
    assert_eq!(bus.backlog(&KIND, &acme).await, Ok(9), "what a worker has, has not ended");
    for delivery in held {
        delivery.done().await.expect("a confirmation");
    }
    assert_eq!(bus.backlog(&KIND, &acme).await, Ok(0));
    assert_eq!(bus.queued(&KIND, &acme, 0, 10).await, Ok(Vec::new()));
}

pub(crate) async fn no_more_slots_are_given_than_the_cap(bus: &dyn Bus) {
    let acme = tenant("acme");
    let asking = (0..12).map(|_| async { bus.acquire_slot(&KIND, &acme, 3, JobId::generate()).await });
    let given = future::try_join_all(asking).await.expect("answers");
    let mut slots: Vec<_> = given.into_iter().flatten().collect();
    assert!(slots.len() <= 3 && !slots.is_empty(), "{} slots", slots.len());
    while let Some(slot) = bus.acquire_slot(&KIND, &acme, 3, JobId::generate()).await.expect("an answer") {
        slots.push(slot);
    }
    assert_eq!(slots.len(), 3);
    // Other tenants have slots of their own.
    assert!(bus.acquire_slot(&KIND, &tenant("other"), 1, JobId::generate()).await.expect("an answer").is_some());
    assert!(bus.acquire_slot(&KIND, &acme, 0, JobId::generate()).await.expect("an answer").is_none());
    for slot in &slots {
        slot.renew().await.expect("a slot");
    }
    slots.remove(0).release().await;
    let job = JobId::generate();
    let slot = bus.acquire_slot(&KIND, &acme, 3, job).await.expect("an answer").expect("a slot");
    // The next attempt of the job takes its slot over: the earlier one has lost it.
    let again = bus.acquire_slot(&KIND, &acme, 3, job).await.expect("an answer").expect("a slot");
    assert!(slot.renew().await.is_err());
    slot.release().await;
    again.renew().await.expect("a slot");
    assert!(bus.acquire_slot(&KIND, &acme, 3, JobId::generate()).await.expect("an answer").is_none());
}

pub(crate) async fn a_slot_that_nobody_renews_is_free_after_the_ack_wait(bus: &dyn Bus) {
    let acme = tenant("acme");
    let lost = bus.acquire_slot(&KIND, &acme, 1, JobId::generate()).await.expect("an answer").expect("a slot");
    let next = loop {
        if let Some(slot) = bus.acquire_slot(&KIND, &acme, 1, JobId::generate()).await.expect("an answer") {
            break slot;
        }
        tokio::time::sleep(ACK_WAIT / 20).await;
    };
    assert!(lost.renew().await.is_err(), "the slot is another's");
    lost.release().await;
    next.renew().await.expect("a slot");
}

pub(crate) async fn a_key_is_one_jobs_for_its_window(bus: &dyn Bus) {
    let (acme, window, long) = (tenant("acme"), Duration::from_secs(1), Duration::from_secs(60));
    let (first, second) = (JobId::generate(), JobId::generate());
    let key = "order 7 > *.é";
    assert_eq!(bus.reserve(&KIND, &acme, key, window, first).await, Ok(None));
    assert_eq!(bus.reserve(&KIND, &acme, key, long, first).await, Ok(None), "it has it already");
    while let Some(holder) = bus.reserve(&KIND, &acme, key, long, second).await.expect("an answer") {
        assert_eq!(holder, first);
        tokio::time::sleep(window / 20).await;
    }
    assert_eq!(bus.reserve(&KIND, &acme, key, long, first).await, Ok(Some(second)));
    assert_eq!(bus.reserve(&KIND, &acme, "another key", long, first).await, Ok(None));
    assert_eq!(bus.reserve(&KIND, &tenant("other"), key, long, first).await, Ok(None));
    assert_eq!(bus.reserve(&Kind::new("other"), &acme, key, long, first).await, Ok(None));
    let jobs: Vec<_> = (0..8).map(|_| JobId::generate()).collect();
    let asking = jobs.iter().map(|job| async { bus.reserve(&KIND, &acme, "raced", long, *job).await });
    let answers = future::try_join_all(asking).await.expect("answers");
    let winner = answers.iter().position(Option::is_none).expect("a winner");
    for (n, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer, (n != winner).then_some(jobs[winner]));
    }
}

pub(crate) async fn a_job_that_is_queued_is_the_one_that_is_handed_out(bus: &dyn Bus) {
    let job = publish(bus, Lane::Bulk).await;
    let queued = bus.queued(&KIND, &job.tenant, 0, 1).await.expect("jobs").remove(0);
    let delivery = next(&mut queue(bus).await).await;
    assert_eq!((queued.job, queued.published_at), (delivery.job, delivery.published_at));
}
