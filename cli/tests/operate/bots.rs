//! Bots.

use std::fs;

use serde_json::{Value, json};

use crate::{
    document, end, err, out, ruche, run,
    stand_in::{Gateway, ok, status},
};

fn bot() -> Value {
    json!({
        "id": "bot:help", "object": "bot", "created_at": "2026-11-27T12:00:00Z", "updated_at": "2026-11-27T12:00:00Z",
        "name": "help", "instructions": "Be brief.", "model": null, "collections": ["faq", "shop"], "moderation": "off",
        "retrieval": {"top_k": 6}, "rewrite": false, "limits": {}, "look": {"title": "Help desk"},
    })
}

#[tokio::test]
async fn bots_are_listed_shown_and_deleted() {
    let gateway = Gateway::start().await;
    let list = json!({"object": "list", "data": [bot()], "has_more": false});
    gateway.on("GET /v1/bots", vec![ok(list)]).on("GET /v1/bots/help", vec![ok(bot())]);
    gateway.on("DELETE /v1/bots/help", vec![status(204, json!(null))]);
    for command in ["bots", "bots list"] {
        let list = out(&run(&gateway, command).await);
        assert!(list.contains("Help desk") && list.contains("faq, shop"), "{list}");
    }
    let shown = out(&run(&gateway, "bots show help").await);
    assert!(shown.contains("\"instructions\": \"Be brief.\"") && shown.contains("\"top_k\": 6"), "{shown}");
    assert_eq!(document(&run(&gateway, "bots show help --json").await), bot());
    let unsure = run(&gateway, "bots delete help").await;
    assert_eq!(unsure.status.code(), Some(2), "{}", err(&unsure));
    assert_eq!(out(&run(&gateway, "bots delete help --yes").await), "help: it is gone\n");
}

#[tokio::test]
async fn a_bot_is_made_of_what_is_said_and_of_a_file() {
    let gateway = Gateway::start().await;
    gateway.on("POST /v1/bots", vec![status(201, bot())]);
    let folder = tempfile::tempdir().unwrap();
    // As it was shown: what the gateway added is left out.
    fs::write(folder.path().join("bot.json"), bot().to_string()).unwrap();
    fs::write(folder.path().join("answer.txt"), "Be kind.").unwrap();
    let mut command = ruche(&gateway);
    let flags = "bots create help --file bot.json --instructions-file answer.txt --collection faq --top-k 3 --mode vector \
                 --min-score -0.5 --rerank true --rewrite true --per-minute 60 --colour #c90000 --passage-tokens 800 --max-tokens 200";
    let made = end(command.args(flags.split_whitespace()).current_dir(folder.path())).await;
    assert!(made.status.success(), "{}", err(&made));
    let expected = json!({
        "name": "help", "instructions": "Be kind.", "model": null, "collections": ["faq"], "moderation": "off",
        "retrieval": {"top_k": 3, "max_tokens": 800, "mode": "vector", "min_score": -0.5, "rerank": true}, "rewrite": true,
        "limits": {"max_tokens": 200, "requests_per_minute": 60}, "look": {"title": "Help desk", "colour": "#c90000"},
    });
    assert_eq!(gateway.last("POST /v1/bots").json(), expected);
}

#[tokio::test]
async fn an_update_sends_only_what_changes() {
    let gateway = Gateway::start().await;
    gateway.on("PATCH /v1/bots/help", vec![ok(bot())]);
    assert!(run(&gateway, "bots update help --model tiny --title Help").await.status.success());
    assert_eq!(gateway.last("PATCH /v1/bots/help").json(), json!({"model": "tiny", "look": {"title": "Help"}}));
    let nothing = run(&gateway, "bots update help").await;
    assert_eq!(nothing.status.code(), Some(2));
    assert!(err(&nothing).contains("--instructions"), "{}", err(&nothing));
    let wrong = run(&gateway, "bots update help --mode magic").await;
    assert_eq!(wrong.status.code(), Some(2));
}
