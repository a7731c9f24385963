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
        let first = vec![
            turn_message(Role::System, "Be brief."),
            turn_message(Role::User, "hi"),
            turn_message(Role::Assistant, "hello"),
        ];
        let second = vec![turn_message(Role::User, "and?"), turn_message(Role::Assistant, "")];
        for messages in [first, second] {
            let keep = vec![Write::Turn(Turn { conversation, begins: true, messages })];
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
        assert_eq!(
            store.history(&tenant("acme"), conversation).await.unwrap(),
            Some(History { messages: expected, left_out: 0 })
        );
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
        let history = store.history(&tenant("acme"), conversation).await.unwrap().unwrap();
        assert_eq!(history.left_out, 5);
    }
}

#[tokio::test]
async fn what_a_long_conversation_begins_with_stays_in_its_history() {
    for store in stores().await {
        let conversation = Uuid::now_v7();
        let mut messages = vec![turn_message(Role::System, "Be brief."), turn_message(Role::System, "In French.")];
        messages.extend((0..HISTORY_MESSAGES + 5).map(|n| turn_message(Role::User, &n.to_string())));
        messages.push(turn_message(Role::System, "In English."));
        let writes = vec![Write::Turn(Turn { conversation, begins: true, messages })];
        store.commit(&Ended { writes, ..ended(&job("acme"), 1, json!("x")) }).await.unwrap();
        let history = store.history(&tenant("acme"), conversation).await.unwrap().unwrap();
        let contents: Vec<&str> = history.messages.iter().map(|message| message.content.as_str()).collect();
        assert_eq!((history.left_out, contents[..3].join(" ")), (6, "Be brief. In French. 6".to_owned()));
        assert_eq!((contents.len() as u64, contents.last()), (HISTORY_MESSAGES + 2, Some(&"In English.")));
    }
}

#[tokio::test]
async fn a_conversation_is_renamed_by_its_tenant_only() {
    for store in stores().await {
        let conversation = Uuid::now_v7();
        let acme = tenant("acme");
        store
            .commit(&Ended { writes: vec![turn(conversation, &["hi"])], ..ended(&job("acme"), 1, json!("x")) })
            .await
            .unwrap();
        let (before, _) = store.conversation(&acme, conversation, 1).await.unwrap().unwrap();
        let renamed = store.rename_conversation(&acme, conversation, "Hours é\0").await.unwrap().unwrap();
        assert_eq!(renamed, Conversation { title: renamed.title.clone(), ..before });
        assert_eq!(store.conversation(&acme, conversation, 1).await.unwrap().unwrap().0, renamed);
        assert!(renamed.title.starts_with("Hours é"), "{}", renamed.title);
        for (owner, id) in [("other", conversation), ("acme", Uuid::now_v7())] {
            assert_eq!(store.rename_conversation(&tenant(owner), id, "Mine").await.unwrap(), None);
        }
        assert_eq!(store.conversation(&acme, conversation, 1).await.unwrap().unwrap().0, renamed);
        // A later turn does not change it back.
        store
            .commit(&Ended { writes: vec![turn(conversation, &["and?"])], ..ended(&job("acme"), 1, json!("x")) })
            .await
            .unwrap();
        assert_eq!(store.conversation(&acme, conversation, 1).await.unwrap().unwrap().0.title, renamed.title);
    }
}

#[tokio::test]
async fn a_deleted_conversation_is_gone_and_a_late_turn_does_not_bring_it_back() {
    for store in stores().await {
        let (conversation, other, acme) = (Uuid::now_v7(), Uuid::now_v7(), tenant("acme"));
        let commit = async |id: Uuid, begins: bool, content: &str| {
            let turn = Turn { conversation: id, begins, messages: vec![turn_message(Role::User, content)] };
            let writes = vec![Write::Turn(turn)];
            store.commit(&Ended { writes, ..ended(&job("acme"), 1, json!("x")) }).await.unwrap()
        };
        commit(conversation, true, "one").await;
        commit(conversation, false, "two").await;
        commit(other, true, "stays").await;
        assert_eq!(contents(&store, "acme", conversation).await.unwrap(), ["one", "two"]);
        assert!(!store.delete_conversation(&tenant("other"), conversation).await.unwrap());
        assert!(store.delete_conversation(&acme, conversation).await.unwrap());
        assert!(!store.delete_conversation(&acme, conversation).await.unwrap(), "it is gone");
        assert_eq!(commit(conversation, false, "late").await, Committed::Stored, "the job itself is kept");
        assert_eq!(store.history(&acme, conversation).await.unwrap(), None);
        assert!(!store.has_conversation(&acme, conversation).await.unwrap());
        assert_eq!(contents(&store, "acme", other).await.unwrap(), ["stays"]);
        // Of another tenant's it is refused, as ever.
        let theirs = Turn { conversation: other, begins: false, messages: vec![turn_message(Role::User, "x")] };
        let intruder = Ended { writes: vec![Write::Turn(theirs)], ..ended(&job("other"), 1, json!("x")) };
        assert_eq!(refusal(store.commit(&intruder).await).code, "conversation_not_found");
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
