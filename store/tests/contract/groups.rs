//! Groups: each member is counted once, and the last end sees the group complete.

use super::support::*;

#[tokio::test]
async fn a_group_counts_each_member_once_and_knows_when_it_is_complete() {
    for store in stores().await {
        let (group, acme) = (Uuid::now_v7(), tenant("acme"));
        assert_eq!(store.group(&acme, group).await.unwrap(), None);
        let failed = Outcome::Failed(Failure::new("bad", "it is bad"));
        // Out of order, and the first one twice.
        let last = member("acme", group, 2, Some(3), failed.clone());
        for expected in [Committed::Stored, Committed::Already(Stored { outcome: failed.clone(), ..stored() })] {
            assert_eq!(store.commit(&last).await.unwrap(), expected);
        }
        store.commit(&member("acme", group, 0, Some(3), Outcome::Done(json!("first")))).await.unwrap();
        let counted = Group { expected: Some(3), done: 1, failed: 1, ..Group::default() };
        assert_eq!(store.group(&acme, group).await.unwrap(), Some(counted.clone()));
        assert!(!counted.is_complete());
        store.commit(&member("acme", group, 1, Some(3), Outcome::Cancelled)).await.unwrap();
        let complete = store.group(&acme, group).await.unwrap().unwrap();
        assert_eq!((complete.is_complete(), complete.cancelled), (true, 1));
        let members = store.members(&acme, group, 10).await.unwrap();
        let outcomes: Vec<_> = members.into_iter().map(|(_, stored)| stored.outcome).collect();
        assert_eq!(outcomes, [Outcome::Done(json!("first")), Outcome::Cancelled, failed]);
        assert_eq!(store.members(&acme, group, 2).await.unwrap().len(), 2);
        // Another tenant neither sees nor changes the group.
        assert_eq!(store.group(&tenant("other"), group).await.unwrap(), None);
        assert_eq!(store.members(&tenant("other"), group, 10).await.unwrap(), []);
        store.commit(&member("other", group, 0, Some(9), Outcome::Cancelled)).await.unwrap();
        assert_eq!(store.group(&acme, group).await.unwrap(), Some(complete));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_end_at_once_are_all_counted_and_the_last_one_sees_it() {
    for store in stores().await {
        let (group, mut running) = (Uuid::now_v7(), JoinSet::new());
        for index in 0..300 {
            let store = Arc::clone(&store);
            running.spawn(async move {
                let one = member("acme", group, index, Some(300), Outcome::Done(json!(index)));
                assert_eq!(store.commit(&one).await.unwrap(), Committed::Stored);
                store.group(&tenant("acme"), group).await.unwrap().unwrap().is_complete()
            });
        }
        assert!(running.join_all().await.contains(&true));
        assert_eq!(store.group(&tenant("acme"), group).await.unwrap().unwrap().done, 300);
        assert_eq!(store.members(&tenant("acme"), group, 1_000).await.unwrap().len(), 300);
    }
}
