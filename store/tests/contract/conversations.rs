//! Conversations: turns in order, and only of their tenant.

use super::support::*;

#[tokio::test]
async fn another_tenants_conversation_is_refused_and_nothing_is_written() {
    for store in stores().await {
        let (conversation, intruder) = (Uuid::now_v7(), job("intruder"));
        let commit = Ended { writes: vec![turn(conversation, &["private"])], ..ended(&job("acme"), 1, json!("x")) };
        store.commit(&commit).await.unwrap();
        let commit = Ended { writes: vec![turn(conversation, &["let me in"])], ..ended(&intruder, 1, json!("x")) };
        let failure = refusal(store.commit(&commit).await);
        assert_eq!((failure.code.as_str(), failure.param.as_deref()), ("conversation_not_found", Some("conversation")));
        assert!(failure.is_callers() && !failure.to_string().contains("acme"), "{failure}");
        assert_eq!(store.ended(&intruder).await.unwrap(), None);
        assert_eq!(contents(&store, "acme", conversation).await.unwrap(), ["private"]);
    }
}

#[tokio::test]
async fn history_is_in_order_and_of_its_tenant_only() {
    for store in stores().await {
        let conversation = Uuid::now_v7();
        assert_eq!(store.history(&tenant("acme"), conversation).await.unwrap(), None);
        let first = vec![said(Role::System, "Be brief."), said(Role::User, "hi"), said(Role::Assistant, "hello")];
        let second = vec![said(Role::User, "and?"), said(Role::Assistant, "")];
        for messages in [first, second] {
            let keep = vec![Write::Turn(Turn { conversation, messages })];
            store.commit(&Ended { writes: keep, ..ended(&job("acme"), 1, json!("x")) }).await.unwrap();
        }
        let message = |role, content: &str| Message { role, content: content.to_owned() };
        let expected = vec![
            message(Role::System, "Be brief."),
            message(Role::User, "hi"),
            message(Role::Assistant, "hello"),
            message(Role::User, "and?"),
            message(Role::Assistant, ""),
        ];
        assert_eq!(store.history(&tenant("acme"), conversation).await.unwrap(), Some(expected));
        assert_eq!(store.history(&tenant("other"), conversation).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_long_history_is_its_newest_part() {
    for store in stores().await {
        let conversation = Uuid::now_v7();
        let many: Vec<String> = (0..HISTORY_MESSAGES + 5).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let commit = Ended { writes: vec![turn(conversation, &many)], ..ended(&job("acme"), 1, json!("x")) };
        store.commit(&commit).await.unwrap();
        assert_eq!(contents(&store, "acme", conversation).await.unwrap(), many[5..]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_at_once_do_not_mix_their_messages() {
    for store in stores().await {
        let conversation = Uuid::now_v7();
        let mut running = JoinSet::new();
        for n in 0..10 {
            let (store, mut commit) = (Arc::clone(&store), ended(&job("acme"), 1, json!(n)));
            commit.writes = vec![turn(conversation, &[&format!("{n} asks"), &format!("{n} is answered")])];
            running.spawn(async move { store.commit(&commit).await.unwrap() });
        }
        assert!(running.join_all().await.iter().all(|end| *end == Committed::Stored));
        let history = contents(&store, "acme", conversation).await.unwrap();
        assert_eq!(history.len(), 20);
        for pair in history.chunks(2) {
            assert_eq!(pair[1], pair[0].replace("asks", "is answered"));
        }
    }
}
