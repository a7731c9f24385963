//! Bots of tenants.

use chrono::TimeDelta;
use ruche_schemas::bots::{Bot, Retrieval};
use ruche_store::bots::{Bots as _, Made, StoredBot};

use super::support::*;

fn bot(name: &str) -> StoredBot {
    let retrieval = Retrieval { min_score: Some(0.25), ..Retrieval::default() };
    let bot = Bot {
        name: name.to_owned(),
        instructions: "Sois bref.".to_owned(),
        model: Some("m".to_owned()),
        temperature: Some(0.5),
        collections: vec!["faq".to_owned(), "shop".to_owned()],
        retrieval,
        rewrite: true,
        ..Bot::default()
    };
    StoredBot { bot, created_at: now(), updated_at: now() }
}

async fn keeps_bots(store: &dyn Store) {
    let (acme, other) = (tenant("acme"), tenant("other"));
    let (a, b) = (bot("a-help"), bot("a_help"));
    assert_eq!(store.make_bot(&acme, &b, 2).await.unwrap(), Made::New);
    assert_eq!(store.make_bot(&acme, &a, 2).await.unwrap(), Made::New);
    assert_eq!(store.make_bot(&acme, &a, 2).await.unwrap(), Made::Taken);
    assert_eq!(store.make_bot(&acme, &bot("c"), 2).await.unwrap(), Made::Full);
    // Limits and names are per tenant.
    let theirs = StoredBot { bot: Bot { instructions: "Theirs.".to_owned(), ..a.bot.clone() }, ..a.clone() };
    assert_eq!(store.make_bot(&other, &theirs, 1).await.unwrap(), Made::New);
    assert_eq!(store.bots(&acme).await.unwrap(), [a.clone(), b.clone()]);
    assert_eq!(store.bot(&acme, "a-help").await.unwrap().as_ref(), Some(&a));
    assert_eq!(store.bot(&other, "a_help").await.unwrap(), None);
    let changed = StoredBot {
        bot: Bot { model: None, collections: Vec::new(), ..a.bot.clone() },
        created_at: a.created_at,
        updated_at: a.updated_at + TimeDelta::microseconds(1),
    };
    assert!(store.change_bot(&acme, &changed, a.updated_at).await.unwrap());
    assert!(!store.change_bot(&acme, &a, a.updated_at).await.unwrap(), "it was changed since");
    assert!(!store.change_bot(&acme, &bot("c"), a.updated_at).await.unwrap(), "there is none");
    assert_eq!(store.bot(&acme, "a-help").await.unwrap(), Some(changed));
    assert_eq!(store.bots(&other).await.unwrap(), [theirs]);
    assert!(!store.delete_bot(&other, "a_help").await.unwrap());
    assert!(store.delete_bot(&acme, "a_help").await.unwrap());
    assert!(!store.delete_bot(&acme, "a_help").await.unwrap());
    assert_eq!(store.bots(&acme).await.unwrap().len(), 1);
}

#[tokio::test]
async fn bots_are_kept_by_name_changed_by_version_and_bounded() {
    for store in stores().await {
        keeps_bots(&*store).await;
    }
}

#[tokio::test]
async fn bots_that_are_made_at_the_same_moment_are_no_more_than_there_may_be() {
    let (store, _) = opened().await;
    let making = (0..10).map(|i| {
        let store = store.clone();
        async move { store.make_bot(&tenant("acme"), &bot(&i.to_string()), 4).await.unwrap() }
    });
    let made = futures::future::join_all(making).await;
    assert_eq!(made.iter().filter(|made| **made == Made::New).count(), 4, "{made:?}");
}
