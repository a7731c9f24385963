//! Advisory locks: conflicting calls wait for each other and leave one outcome.

use ruche_schemas::ids::{collection_id, document_id};
use ruche_store::jobs::Jobs as _;
use sea_orm::{DatabaseTransaction, TransactionTrait as _};

use super::{
    collections::{Put as _, a_document},
    support::*,
};

/// The lock key of a job, a document or a collection: the lower half of the id.
fn number(id: Uuid) -> i64 {
    i64::from_ne_bytes(id.as_u64_pair().1.to_ne_bytes())
}

async fn holding(db: &DatabaseConnection, id: Uuid) -> DatabaseTransaction {
    use sea_orm::ConnectionTrait as _;
    let transaction = db.begin().await.unwrap();
    let lock = format!("SELECT pg_advisory_xact_lock({})", number(id));
    transaction.execute_unprepared(&lock).await.unwrap();
    transaction
}

/// Number of sessions that wait for this advisory lock.
async fn waiting(db: &DatabaseTransaction, id: Uuid) -> i64 {
    use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
    let key = number(id).cast_unsigned();
    let sql = format!(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = {} AND objid = {}",
        key >> 32,
        key & 0xffff_ffff
    );
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// Asserts that the call waits while another transaction holds the lock, and then finishes.
async fn waits_for<T: Send + 'static>(
    db: &DatabaseConnection,
    id: Uuid,
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    let holder = holding(db, id).await;
    let working = tokio::spawn(work);
    let met = async {
        while waiting(&holder, id).await == 0 {
            assert!(!working.is_finished(), "it did not wait for the lock");
        }
    };
    tokio::time::timeout(Duration::from_secs(60), met).await.expect("it waits for the lock");
    holder.rollback().await.unwrap();
    working.await.unwrap()
}

#[tokio::test]
async fn a_cancellation_a_commit_and_a_fence_wait_for_the_lock_of_their_job() {
    let (store, db) = opened().await;
    let (cancelled, committed, fenced) = (a_job(&tenant("acme"), EventType::Cancelled, None), job("acme"), job("acme"));
    let (own, job) = (Arc::clone(&store), cancelled.clone());
    waits_for(&db, cancelled.job.id.0, async move { own.put_cancelled(&job).await.unwrap() }).await;
    let (own, end) = (Arc::clone(&store), ended(&committed, 1, json!(1)));
    waits_for(&db, committed.id.0, async move { own.commit(&end).await.unwrap() }).await;
    let (own, job) = (Arc::clone(&store), fenced.clone());
    waits_for(&db, fenced.id.0, async move { own.fence(&job, 2).await.unwrap() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_and_a_cancellation_at_the_same_moment_leave_one_outcome_and_count_once() {
    for store in stores().await {
        let (acme, batch) = (tenant("acme"), Uuid::now_v7());
        store.create_batch(&acme, batch, None, now()).await.unwrap();
        let (mut commits, mut cancellations) = (0, 0);
        for round in 0..100 {
            let row = a_job(&acme, EventType::Cancelled, Some(batch));
            store.add_to_batch(batch, &[row.job.id]).await.unwrap();
            let member = Some(Member { group: batch, index: round, of: None });
            let commit = Ended { member, ..ended(&row.job, 1, json!(round)) };
            let (a, b, begin) = (Arc::clone(&store), Arc::clone(&store), Arc::new(tokio::sync::Barrier::new(2)));
            let (other, job) = (Arc::clone(&begin), row.job.clone());
            let committing = tokio::spawn(async move {
                begin.wait().await;
                a.commit(&commit).await.unwrap()
            });
            let cancelling = tokio::spawn(async move {
                other.wait().await;
                b.put_cancelled(&row).await.unwrap()
            });
            let committed = committing.await.unwrap();
            assert!(cancelling.await.unwrap().is_some(), "it tells the batch");
            match (committed, store.ended(&job).await.unwrap().unwrap().outcome) {
                (Committed::Stored, Outcome::Done(_)) => commits += 1,
                (Committed::Already(stored), Outcome::Cancelled) if stored.outcome == Outcome::Cancelled => {
                    cancellations += 1;
                }
                both => panic!("round {round}: {both:?}"),
            }
        }
        let closed = store.close_batch(&acme, batch, now()).await.unwrap().unwrap();
        assert_eq!((closed.done, closed.cancelled, closed.total), (commits, cancellations, 100));
        assert!(closed.is_complete());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fence_and_a_cancellation_at_the_same_moment_know_of_each_other() {
    for store in stores().await {
        for round in 0..100 {
            let row = a_job(&tenant("acme"), EventType::Cancelled, None);
            let (a, b, begin) = (Arc::clone(&store), Arc::clone(&store), Arc::new(tokio::sync::Barrier::new(2)));
            let (other, job, known) = (Arc::clone(&begin), row.job.clone(), row.job.clone());
            let fencing = tokio::spawn(async move {
                begin.wait().await;
                a.fence(&job, 2).await.unwrap()
            });
            let cancelling = tokio::spawn(async move {
                other.wait().await;
                b.put_cancelled(&row).await.unwrap()
            });
            cancelling.await.unwrap();
            // Either the fence returned the end, or it was first, and its commit finds the end.
            if fencing.await.unwrap().is_none() {
                let commit = store.commit(&ended(&known, 2, json!(round))).await.unwrap();
                assert!(matches!(commit, Committed::Already(_)), "round {round}: {commit:?}");
            }
        }
    }
}

#[tokio::test]
async fn whoever_deletes_a_document_or_switches_or_deletes_a_collection_waits_for_its_writers() {
    use ruche_store::{collections::Collections as _, models::ModelMigrations as _};
    let (store, db) = opened().await;
    let acme = tenant("acme");
    let (bees, chunks) = a_document("acme", "handbook", "bees.md", &["One."]);
    db.put(&acme, &bees, &chunks).await;
    let (document, collection) = (document_id(&acme, "handbook", "bees.md"), collection_id(&acme, "handbook"));
    let (own, owner) = (Arc::clone(&store), acme.clone());
    assert!(waits_for(&db, document, async move { own.delete_document(&owner, document, now()).await.unwrap() }).await);
    let (own, owner) = (Arc::clone(&store), acme.clone());
    let switch = async move { own.switch(&owner, "handbook", 1).await.unwrap() };
    assert!(!waits_for(&db, collection, switch).await);
    let (own, owner) = (Arc::clone(&store), acme.clone());
    let delete = async move { own.delete_collection(&owner, "handbook", now()).await.unwrap() };
    assert!(waits_for(&db, collection, delete).await);
}
