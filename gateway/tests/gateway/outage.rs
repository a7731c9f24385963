//! The gateway while real servers stop and restart.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, Response};
use ruche_bus::nats::Nats;
use ruche_gateway::app::parts::App;
use ruche_schemas::{
    Kind,
    config::{Config, Secret},
    kinds,
};
use ruche_services::testing::{self, TestNats, TestPostgres};
use ruche_store::{
    keys::{self, ApiKey, Keys as _, Role},
    postgres::{Application, Postgres},
};
use serde_json::{Value, json};

use crate::support::{refused, settings, tenant, until};

struct Real {
    url: String,
    key: String,
    client: Client,
    nats: TestNats,
    postgres: TestPostgres,
}

async fn real() -> Real {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (nats, postgres) = tokio::join!(testing::nats(), testing::postgres());
    let mut config = Config::from_layers(None, Some(Default::default())).unwrap();
    config.nats.url = Secret(nats.url());
    config.nats.prefix = testing::unique("t");
    config.postgres.url = Secret(postgres.url());
    ruche_migrations::up(&postgres.url(), "public").await.unwrap();
    let kinds: Vec<Kind> = kinds::all().into_iter().map(|descriptor| descriptor.kind).collect();
    let bus = Nats::connect(&config.nats, Duration::from_secs(5)).await.unwrap();
    bus.ensure(&kinds).await.unwrap();
    let (store, key) = (Postgres::connect(&config.postgres, Application::GATEWAY).unwrap(), keys::generate());
    store.create_key(&tenant("acme"), "test", Role::Member, ApiKey::parse(&key).unwrap()).await.unwrap();
    let mut settings = settings();
    settings.key_cache_seconds = 0;
    let server = App::new(settings, Arc::new(bus), Arc::new(store), kinds::all()).bind().await.unwrap();
    let url = format!("http://{}", server.address().unwrap());
    tokio::spawn(server.run());
    Real { url, key, client: Client::new(), nats, postgres }
}

impl Real {
    async fn submit(&self) -> Response {
        let body = json!({ "messages": [{ "role": "user", "content": "hi" }] });
        let request = self.client.post(format!("{}/v1/jobs/chat", self.url)).bearer_auth(&self.key);
        request.json(&body).send().await.unwrap()
    }

    async fn not_ready(&self) -> Vec<String> {
        let response = self.client.get(format!("{}/readyz", self.url)).send().await.unwrap();
        let ready: Value = response.json().await.unwrap();
        let parts = ready["not_ready"].as_array().unwrap();
        parts.iter().map(|part| part["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Retries until it is accepted again.
    async fn recovers(&self) {
        let recovered = async || self.submit().await.status() == 202 && self.not_ready().await.is_empty();
        until("all is well again", recovered).await;
    }
}

#[tokio::test]
async fn while_nats_is_away_a_job_is_a_503_and_afterwards_all_goes_on_without_a_restart() {
    let gateway = real().await;
    let before = gateway.submit().await;
    assert_eq!(before.status(), 202);
    let before: Value = before.json().await.unwrap();
    gateway.nats.stop().await;
    let response = gateway.submit().await;
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(refused(response, 503).await.1, "bus_unavailable");
    assert_eq!(gateway.not_ready().await, ["nats"]);
    gateway.nats.start().await;
    gateway.recovers().await;
    let path = format!("{}/v1/jobs/{}", gateway.url, before["id"].as_str().unwrap());
    let view: Value = gateway.client.get(path).bearer_auth(&gateway.key).send().await.unwrap().json().await.unwrap();
    assert_eq!(view["state"], "queued");
}

#[tokio::test]
async fn while_postgres_is_away_a_known_key_goes_on() {
    let gateway = real().await;
    assert_eq!(gateway.submit().await.status(), 202);
    gateway.postgres.stop().await;
    assert_eq!(gateway.submit().await.status(), 202);
    assert_eq!(gateway.not_ready().await, ["postgres"]);
    let request = gateway.client.get(format!("{}/v1/models", gateway.url)).bearer_auth(keys::generate());
    assert_eq!(refused(request.send().await.unwrap(), 503).await.1, "store_unavailable");
    gateway.postgres.start().await;
    gateway.recovers().await;
}
