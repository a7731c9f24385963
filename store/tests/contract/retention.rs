//! Retention of rows, claims and documents.

use super::support::*;
use ruche_schemas::clock;

async fn listed(store: &dyn Store, job: &JobRef) -> Option<File> {
    store.file(job).await.unwrap().map(|stored| stored.file)
}

#[tokio::test]
async fn what_ended_long_ago_is_forgotten_in_steps_and_nothing_else() {
    for store in stores().await {
        let (old, fresh, group) = (clock::now() - chrono::TimeDelta::days(40), job("acme"), Uuid::now_v7());
        let mut ancient = Vec::new();
        for index in 0..3 {
            let ended = Ended { ended_at: old, ..member("acme", group, index, Some(3), Outcome::Cancelled) };
            store.commit(&ended).await.unwrap();
            ancient.push(ended.job);
        }
        let open = Ended { ended_at: old, ..member("acme", fresh.id.0, 0, Some(2), Outcome::Cancelled) };
        store.commit(&ended(&fresh, 1, json!("kept"))).await.unwrap();
        store.commit(&open).await.unwrap();
        let before = clock::now() - chrono::TimeDelta::days(30);
        // At most two of each table: two jobs and the group; then the other two.
        assert_eq!(store.purge(before, 2).await.unwrap(), 3);
        assert_eq!(store.purge(before, 2).await.unwrap(), 2);
        assert_eq!(store.purge(before, 2).await.unwrap(), 0);
        for job in ancient {
            assert_eq!(store.ended(&job).await.unwrap(), None);
        }
        assert!(store.ended(&fresh).await.unwrap().is_some());
        assert_eq!(store.group(&tenant("acme"), group).await.unwrap(), None);
        assert!(store.group(&tenant("acme"), fresh.id.0).await.unwrap().is_some(), "it is not complete");
    }
}

#[tokio::test]
async fn a_claim_is_kept_and_a_row_stays_until_its_objects_are_gone() {
    for store in stores().await {
        let (old, jobs) = (clock::now() - chrono::TimeDelta::days(40), [job("acme"), job("other"), job("acme")]);
        for (i, job) in (0_i32..).zip(&jobs) {
            let outcome = match i {
                0 => Outcome::Claimed(Claim::of(job, Part::Output, b"large")),
                _ => Outcome::Cancelled,
            };
            let ended_at = old + chrono::TimeDelta::seconds(i.into());
            let ended = Ended { outcome, ended_at, objects: i < 2, ..ended(job, 1, Value::Null) };
            assert_eq!(store.commit(&ended).await.unwrap(), Committed::Stored);
            assert_eq!(store.ended(job).await.unwrap().unwrap().outcome, ended.outcome);
        }
        let before = clock::now() - chrono::TimeDelta::days(30);
        assert_eq!(store.jobs_with_objects(before, 10).await.unwrap(), jobs[..2]);
        assert_eq!(store.jobs_with_objects(before, 1).await.unwrap(), jobs[..1]);
        assert_eq!(store.jobs_with_objects(old, 10).await.unwrap(), []);
        assert_eq!(store.purge(before, 10).await.unwrap(), 1, "only what has none");
        store.objects_deleted(&jobs[..1]).await.unwrap();
        store.objects_deleted(&[]).await.unwrap();
        assert_eq!(store.jobs_with_objects(before, 10).await.unwrap(), jobs[1..2]);
        assert_eq!(store.purge(before, 10).await.unwrap(), 1);
        assert_eq!(store.ended(&jobs[0]).await.unwrap(), None);
        assert!(store.ended(&jobs[1]).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_document_is_listed_with_its_job_and_forgotten_with_it() {
    for store in stores().await {
        let (mine, other, old) = (job("acme"), job("acme"), clock::now() - chrono::TimeDelta::days(40));
        for (job, title) in [(&mine, Some("Re\0port")), (&other, None)] {
            let keep = vec![Write::File(file(job, title))];
            let ended = Ended { writes: keep, ended_at: old, objects: true, ..ended(job, 1, Value::Null) };
            assert_eq!(store.commit(&ended).await.unwrap(), Committed::Stored);
            // The second commit's document is never visible.
            let again = Ended { writes: vec![Write::File(file(job, Some("again")))], ..ended };
            assert!(matches!(store.commit(&again).await.unwrap(), Committed::Already(_)));
        }
        assert_eq!(listed(&*store, &mine).await, Some(file(&mine, Some("Re\u{fffd}port"))));
        assert_eq!(listed(&*store, &other).await, Some(file(&other, None)));
        assert_eq!(listed(&*store, &JobRef { tenant: tenant("other"), ..mine.clone() }).await, None);
        let before = clock::now() - chrono::TimeDelta::days(30);
        assert_eq!(store.purge(before, 10).await.unwrap(), 0, "while their objects are there, so are they");
        store.objects_deleted(std::slice::from_ref(&mine)).await.unwrap();
        assert_eq!(store.purge(before, 10).await.unwrap(), 1);
        assert_eq!(listed(&*store, &mine).await, None);
        assert!(listed(&*store, &other).await.is_some());
    }
}

#[tokio::test]
async fn a_document_of_a_commit_that_is_refused_is_not_listed() {
    for store in stores().await {
        let (mine, theirs) = (job("acme"), Uuid::now_v7());
        let other = Ended { writes: vec![turn(theirs, &["secret"])], ..ended(&job("other"), 1, json!("x")) };
        store.commit(&other).await.unwrap();
        let keep = vec![Write::File(file(&mine, None)), turn(theirs, &["hello"])];
        refusal(store.commit(&Ended { writes: keep, ..ended(&mine, 1, json!("x")) }).await);
        assert_eq!(listed(&*store, &mine).await, None);
    }
}
