//! Commits: the first one wins, atomically, and a fenced attempt never commits.

use super::support::*;

#[tokio::test]
async fn first_commit_wins() {
    for store in stores().await {
        let job = job("acme");
        store.ready().await.unwrap();
        assert_eq!(store.ended(&job).await.unwrap(), None);
        assert_eq!(store.commit(&ended(&job, 1, json!({"text": "one"}))).await.unwrap(), Committed::Stored);
        let one = Stored { outcome: Outcome::Done(json!({"text": "one"})), attempt: 1, kind: Kind::new("chat") };
        let again = store.commit(&ended(&job, 2, json!({"text": "two"}))).await.unwrap();
        assert_eq!(again, Committed::Already(one.clone()));
        assert_eq!(store.ended(&job).await.unwrap(), Some(one.clone()));
        assert_eq!(store.fence(&job, 3).await.unwrap(), Some(one));
    }
}

#[tokio::test]
async fn every_outcome_comes_back_as_it_was() {
    let failure = Failure::new("engine_failed", "the engine \"stopped\"").with_param("messages[0]");
    for store in stores().await {
        let outcomes = [
            Outcome::Done(json!({"float": 0.1, "list": [1, null, "é"], "deep": {"deep": [{}]}})),
            Outcome::Done(Value::Null),
            Outcome::Failed(failure.clone()),
            Outcome::Cancelled,
        ];
        for outcome in outcomes {
            let job = job("acme");
            let commit = Ended { outcome: outcome.clone(), ..ended(&job, 1, Value::Null) };
            assert_eq!(store.commit(&commit).await.unwrap(), Committed::Stored);
            assert_eq!(store.ended(&job).await.unwrap().map(|stored| stored.outcome), Some(outcome));
        }
    }
}

#[tokio::test]
async fn a_fenced_attempt_can_not_commit() {
    for store in stores().await {
        let job = job("acme");
        assert_eq!(store.fence(&job, 3).await.unwrap(), None);
        // A late registration of an earlier attempt does not lower the fence.
        assert_eq!(store.fence(&job, 2).await.unwrap(), None);
        for attempt in [1, 2] {
            assert_eq!(store.commit(&ended(&job, attempt, json!(attempt))).await.unwrap(), Committed::Fenced);
        }
        assert_eq!(store.ended(&job).await.unwrap(), None);
        assert_eq!(store.commit(&ended(&job, 3, json!(3))).await.unwrap(), Committed::Stored);
    }
}

#[tokio::test]
async fn a_commit_is_all_or_nothing() {
    for store in stores().await {
        let (job, mine, theirs) = (job("acme"), Uuid::now_v7(), Uuid::now_v7());
        let other = Ended { writes: vec![turn(theirs, &["secret"])], ..ended(&self::job("other"), 1, json!("x")) };
        store.commit(&other).await.unwrap();
        let usage = Write::Usage(Usage { model: "tiny".to_owned(), prompt_tokens: 3, completion_tokens: 4 });
        let mut commit = ended(&job, 1, json!("answer"));
        commit.writes = vec![usage.clone(), turn(mine, &["hello"]), turn(theirs, &["hello"])];
        assert_eq!(refusal(store.commit(&commit).await).code, codes::UNKNOWN_CONVERSATION);
        assert_eq!(store.ended(&job).await.unwrap(), None);
        assert_eq!(contents(&store, "acme", mine).await, None);
        // The refused commit left nothing that blocks a valid one.
        commit.writes = vec![usage, turn(mine, &["hello", "there"])];
        assert_eq!(store.commit(&commit).await.unwrap(), Committed::Stored);
        assert_eq!(contents(&store, "acme", mine).await.unwrap(), ["hello", "there"]);
        // The writes of a second commit are discarded.
        commit.writes = vec![turn(mine, &["again"])];
        assert!(matches!(store.commit(&commit).await.unwrap(), Committed::Already(_)));
        assert_eq!(contents(&store, "acme", mine).await.unwrap(), ["hello", "there"]);
    }
}

#[tokio::test]
async fn another_tenants_job_id_is_taken_but_tells_nothing() {
    for store in stores().await {
        let mine = job("acme");
        let theirs = JobRef { tenant: tenant("intruder"), id: mine.id };
        // Guessing the id of another tenant's running job does not fence it.
        assert_eq!(store.fence(&theirs, 9).await.unwrap(), None);
        assert_eq!(store.commit(&ended(&mine, 1, json!("private"))).await.unwrap(), Committed::Stored);
        assert_eq!(store.ended(&theirs).await.unwrap(), None);
        assert_eq!(store.fence(&theirs, 10).await.unwrap(), None);
        let failure = refusal(store.commit(&ended(&theirs, 10, json!("x"))).await);
        assert_eq!((failure.code.as_str(), failure.param.as_deref()), (codes::INVALID, Some("id")));
        assert!(!failure.to_string().contains("private"), "{failure}");
    }
}

#[tokio::test]
async fn a_nul_character_breaks_nothing() {
    for store in stores().await {
        let (job, conversation) = (job("acme"), Uuid::now_v7());
        let mut commit = ended(&job, 1, json!({"te\0xt": ["a\0b"]}));
        commit.writes = vec![turn(conversation, &["nul \0", "\\u0000"])];
        assert_eq!(store.commit(&commit).await.unwrap(), Committed::Stored);
        let outcome = store.ended(&job).await.unwrap().map(|stored| stored.outcome);
        assert_eq!(outcome, Some(Outcome::Done(json!({"te\u{fffd}xt": ["a\u{fffd}b"]}))));
        assert_eq!(contents(&store, "acme", conversation).await.unwrap(), ["nul \u{fffd}", "\\u0000"]);
        let failed =
            Ended { outcome: Outcome::Failed(Failure::new("bad", "a\0b")), ..ended(&self::job("acme"), 1, json!(0)) };
        store.commit(&failed).await.unwrap();
        let outcome = store.ended(&failed.job).await.unwrap().map(|stored| stored.outcome);
        assert_eq!(outcome, Some(Outcome::Failed(Failure::new("bad", "a\u{fffd}b"))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_concurrent_commits_one_is_stored() {
    for store in stores().await {
        let (job, conversation) = (job("acme"), Uuid::now_v7());
        let mut running = JoinSet::new();
        for n in 0..20 {
            let (store, mut commit) = (Arc::clone(&store), ended(&job, 1, json!(n)));
            commit.writes = vec![turn(conversation, &[&n.to_string()])];
            running.spawn(async move { (n, store.commit(&commit).await.unwrap()) });
        }
        let all = running.join_all().await;
        let stored: Vec<i32> = all.iter().filter(|(_, end)| *end == Committed::Stored).map(|(n, _)| *n).collect();
        let [winner] = stored[..] else { panic!("stored: {stored:?}") };
        for (n, end) in all.iter().filter(|(n, _)| *n != winner) {
            let Committed::Already(kept) = end else { panic!("{n}: {end:?}") };
            assert_eq!(kept.outcome, Outcome::Done(json!(winner)));
        }
        assert_eq!(contents(&store, "acme", conversation).await.unwrap(), [winner.to_string()]);
    }
}

/// Either the commit is first and the fence returns the outcome, or the fence is first and the commit is fenced.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_and_a_fence_never_both_win() {
    for store in stores().await {
        let (mut commits, mut fences) = (0, 0);
        for round in 0..200 {
            let job = job("acme");
            let (a, b, begin) = (Arc::clone(&store), Arc::clone(&store), Arc::new(tokio::sync::Barrier::new(2)));
            let (commit, fenced, other) = (ended(&job, 1, json!(round)), job.clone(), Arc::clone(&begin));
            let committing = tokio::spawn(async move {
                begin.wait().await;
                a.commit(&commit).await.unwrap()
            });
            let fencing = tokio::spawn(async move {
                other.wait().await;
                b.fence(&fenced, 2).await.unwrap()
            });
            match (committing.await.unwrap(), fencing.await.unwrap()) {
                (Committed::Stored, Some(stored)) if stored.outcome == Outcome::Done(json!(round)) => commits += 1,
                (Committed::Fenced, None) => fences += 1,
                both => panic!("round {round}: {both:?}"),
            }
        }
        println!("the commit came first {commits} times, the fence {fences} times");
    }
}

/// Concurrent commits share a transaction: a refused or fenced one must not fail the others.
#[tokio::test(flavor = "multi_thread")]
async fn one_bad_job_among_many_fails_alone() {
    for store in stores().await {
        let theirs = Uuid::now_v7();
        let other = Ended { writes: vec![turn(theirs, &["secret"])], ..ended(&job("other"), 1, json!("x")) };
        store.commit(&other).await.unwrap();
        let mut running = JoinSet::new();
        for n in 0..100 {
            let (store, job) = (Arc::clone(&store), job("acme"));
            running.spawn(async move {
                let mut commit = ended(&job, 1, json!(n));
                match n % 10 {
                    3 => commit.writes = vec![turn(theirs, &["let me in"])],
                    4 => commit.writes = vec![turn(Uuid::now_v7(), &["hello"])],
                    5 => drop(store.fence(&job, 2).await.unwrap()),
                    _ => {}
                }
                (n % 10, store.commit(&commit).await, store.ended(&job).await.unwrap().is_some())
            });
        }
        for (n, answer, is_kept) in running.join_all().await {
            match n {
                3 => assert_eq!((refusal(answer).code.as_str(), is_kept), (codes::UNKNOWN_CONVERSATION, false)),
                5 => assert_eq!((answer.unwrap(), is_kept), (Committed::Fenced, false)),
                _ => assert_eq!((answer.unwrap(), is_kept), (Committed::Stored, true)),
            }
        }
    }
}

#[tokio::test]
async fn unavailable_while_down_then_recovers() {
    let server = testing::postgres().await;
    let store = in_postgres(server.url()).await;
    let (kept, late) = (job("acme"), job("acme"));
    store.commit(&ended(&kept, 1, json!("kept"))).await.unwrap();
    server.stop().await;
    // A worker that starts now opens its ledger, too, and waits.
    let settings = config::Postgres { connections: 1, ..settings(server.url(), "public") };
    let second = Postgres::connect(&settings, Application::WORKER).unwrap();
    let (commit, fence) = (ended(&late, 1, json!("late")), async { second.fence(&late, 2).await });
    let (commit, fence, ready) = tokio::join!(store.commit(&commit), fence, store.ready());
    for error in [commit.unwrap_err(), fence.unwrap_err(), ready.unwrap_err()] {
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    }
    server.start().await;
    tokio::time::timeout(Duration::from_secs(60), async { while store.ready().await.is_err() {} }).await.unwrap();
    assert!(store.ended(&kept).await.unwrap().is_some());
    assert_eq!(store.commit(&ended(&late, 1, json!("late"))).await.unwrap(), Committed::Stored);
    let missing = second.ready().await.unwrap_err().to_string();
    assert!(missing.contains("ruche-migrate up"), "{missing}");
}
