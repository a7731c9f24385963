//! `/v1/renders`: stored documents: listed, sent, linked, deleted.

use reqwest::Method;
use ruche_schemas::{JobRef, config::Secret};
use ruche_store::objects::Objects as _;
use serde_json::{Value, json};

use crate::{
    render_support::{Renders, header},
    support::{json_of, refused, tenant},
};

#[tokio::test]
async fn stored_documents_are_listed_shown_sent_and_deleted_and_others_see_nothing_of_them() {
    let renders = Renders::start().await;
    let mut ids = Vec::new();
    for text in ["one", "two", "three"] {
        ids.insert(0, renders.stored(text).await);
    }
    let page = renders.read("/v1/renders?limit=2").await;
    let listed: Vec<_> = page["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!((listed, &page["has_more"]), (vec![ids[0].as_str(), ids[1].as_str()], &json!(true)));
    let rest = renders.read(&format!("/v1/renders?limit=2&after={}", page["next"].as_str().unwrap())).await;
    assert_eq!((&rest["data"][0]["id"], &rest["has_more"]), (&json!(ids[2]), &json!(false)));
    let (place, file) = (format!("/v1/renders/{}", ids[0]), format!("/v1/renders/{}/file", ids[0]));
    let view = renders.read(&place).await;
    assert_eq!((&view["url"], &view["bytes"], &view["template"]), (&json!(file), &json!(5), &json!("plain")));
    let sent = renders.get(&file).send().await.unwrap();
    assert_eq!(
        (header(sent.headers(), "content-type"), header(sent.headers(), "ruche-pages")),
        ("application/pdf", "3")
    );
    let tag = header(sent.headers(), "etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", view["blake3"].as_str().unwrap()));
    assert_eq!(sent.text().await.unwrap(), "three");
    assert_eq!(renders.get(&file).header("if-none-match", &tag).send().await.unwrap().status(), 304);

    for (method, path) in [
        (Method::GET, place.clone()),
        (Method::GET, file.clone()),
        (Method::DELETE, place.clone()),
        (Method::POST, format!("{place}/link")),
    ] {
        let theirs = renders.as_key(&renders.stranger, method.clone(), &path).send().await.unwrap();
        assert_eq!(refused(theirs, 404).await.1, "render_not_found", "{method} {path}");
        let none = renders.request(method.clone(), &path.replace(&ids[0], "nothing")).send().await.unwrap();
        assert_eq!(refused(none, 404).await.1, "render_not_found", "{method} {path}");
    }
    let theirs = renders.as_key(&renders.stranger, Method::GET, "/v1/renders").send().await.unwrap();
    assert_eq!(json_of(theirs).await["data"], json!([]));

    assert_eq!(renders.objects.keys().len(), 3);
    assert_eq!(renders.request(Method::DELETE, &place).send().await.unwrap().status(), 204);
    assert_eq!(renders.objects.keys().len(), 2);
    for (method, path) in [(Method::DELETE, &place), (Method::GET, &place), (Method::GET, &file)] {
        let gone = renders.request(method, path).send().await.unwrap();
        assert_eq!(refused(gone, 404).await.1, "render_not_found");
    }
}

#[tokio::test]
async fn a_document_whose_object_is_gone_is_a_410() {
    let renders = Renders::start().await;
    let id = renders.stored("one").await;
    let job = JobRef { tenant: tenant("acme"), id: id.parse().unwrap() };
    renders.objects.delete_all(&job).await.unwrap();
    let gone = renders.get(&format!("/v1/renders/{id}/file")).send().await.unwrap();
    assert_eq!(refused(gone, 410).await.1, "object_missing");
    assert_eq!(renders.request(Method::DELETE, &format!("/v1/renders/{id}")).send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn a_link_needs_no_key_and_is_good_for_its_document_only() {
    let renders = Renders::start().await;
    let (id, other) = (renders.stored("mine").await, renders.stored("other").await);
    let link =
        |id: &str, body: Value| renders.request(Method::POST, &format!("/v1/renders/{id}/link")).json(&body).send();
    let made = json_of(link(&id, json!({ "expires_in": 60 })).await.unwrap()).await;
    let url = made["url"].as_str().unwrap();
    let open = |url: String| renders.client.get(format!("{}{url}", renders.url)).send();
    let sent = open(url.to_owned()).await.unwrap();
    assert_eq!((sent.status().as_u16(), sent.text().await.unwrap().as_str()), (200, "mine"));
    let signature = url.split("signature=").nth(1).unwrap();
    for forged in [
        url.replace(&id, &other),
        url.replace("tenant=acme", "tenant=other"),
        url.replace("expires=", "expires=1"),
        url.replace(signature, &"0".repeat(64)),
        url.replace(signature, "x"),
        url.replace(signature, ""),
        url.replace("&signature", "&signatur"),
        url.replace("tenant=acme&", ""),
    ] {
        assert_eq!(refused(open(forged.clone()).await.unwrap(), 403).await.1, "link_invalid", "{forged}");
    }
    // A valid key does not make up for a bad link.
    let with_key = renders.get(&url.replace(signature, "x")).send().await.unwrap();
    assert_eq!(refused(with_key, 403).await.1, "link_invalid");
    let bare = renders.client.get(format!("{}/v1/renders/{id}/file", renders.url)).send().await.unwrap();
    assert_eq!(refused(bare, 401).await.1, "invalid_api_key");
    for seconds in [0, 604_801] {
        assert_eq!(refused(link(&id, json!({ "expires_in": seconds })).await.unwrap(), 400).await.0, "expires_in");
    }
    assert!(
        renders.request(Method::POST, &format!("/v1/renders/{id}/link")).send().await.unwrap().status().is_success()
    );
    assert_eq!(renders.request(Method::DELETE, &format!("/v1/renders/{id}")).send().await.unwrap().status(), 204);
    assert_eq!(refused(open(url.to_owned()).await.unwrap(), 404).await.1, "render_not_found");
}

#[tokio::test]
async fn without_a_secret_there_are_no_links() {
    let renders = Renders::start_with(|app| app.settings.link_secret = Secret::default()).await;
    let id = renders.stored("mine").await;
    let link = renders.request(Method::POST, &format!("/v1/renders/{id}/link")).send().await.unwrap();
    assert_eq!(refused(link, 501).await.1, "no_link_secret");
    let file = format!("/v1/renders/{id}/file?tenant=acme&expires=9999999999&signature={}", "0".repeat(64));
    let open = renders.client.get(format!("{}{file}", renders.url)).send().await.unwrap();
    assert_eq!(refused(open, 501).await.1, "no_link_secret");
}
