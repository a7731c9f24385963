//! Limits of tenants.

use serde_json::json;

use crate::{
    document, err, out, run,
    stand_in::{Gateway, ok},
};

#[tokio::test]
async fn a_tenants_limits_are_changed_one_by_one() {
    let gateway = Gateway::start().await;
    let path = "/v1/tenants/acme/limits";
    let limits = json!({"tenant": "acme", "in_flight": 4, "per_second": 0, "backlog": 100, "own": ["in_flight"]});
    gateway.on(&format!("GET {path}"), vec![ok(limits.clone())]).on(&format!("PUT {path}"), vec![ok(limits.clone())]);
    gateway.on(&format!("DELETE {path}"), vec![ok(limits.clone())]);
    gateway.on("GET /v1/limits", vec![ok(json!({"object": "list", "data": [limits], "has_more": false}))]);
    let shown = out(&run(&gateway, "tenants limits show acme").await);
    assert!(shown.contains("no cap (settings)") && shown.contains("100 (settings)"), "{shown}");
    assert!(!shown.contains("4 (settings)"), "that one is its own: {shown}");
    assert!(out(&run(&gateway, "tenants limits").await).contains("acme"));
    assert!(run(&gateway, "tenants limits set acme --backlog 7").await.status.success());
    let expected = json!({"in_flight": 4, "backlog": 7});
    assert_eq!(
        gateway.last(&format!("PUT {path}")).json(),
        expected,
        "what was its own stays, the settings' is not sent"
    );
    assert_eq!(document(&run(&gateway, "tenants limits reset acme --json").await)["tenant"], "acme");
    let nothing = run(&gateway, "tenants limits set acme").await;
    assert_eq!(nothing.status.code(), Some(2));
    assert!(err(&nothing).contains("--in-flight"), "{}", err(&nothing));
}
