//! The pool's errors and logs, which never contain secrets.

use std::{
    io,
    sync::{Arc, Mutex},
};

use ruche_schemas::TenantId;
use ruche_store::{Health as _, conversations::Conversations as _, search::Search as _, templates::Templates as _};
use tracing_subscriber::{filter::LevelFilter, fmt::MakeWriter};

use super::support::{Application, Postgres, Uuid, settings};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_log_holds_the_password_at_any_level() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    // No server listens on this port.
    let settings = settings("postgres://ruche:hunter2@127.0.0.1:1/ruche".to_owned(), "public");
    let acme: TenantId = "acme".parse().unwrap();
    for application in [Application::GATEWAY, Application::WORKER] {
        let store = Postgres::connect(&settings, application).unwrap();
        let shown = format!("{store:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        let errors = [
            store.ready().await.unwrap_err(),
            store.has_conversation(&acme, Uuid::nil()).await.unwrap_err(),
            store.searchable(&acme, &[]).await.unwrap_err(),
        ];
        for error in errors {
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(!logged.is_empty());
    assert!(!logged.contains("hunter2"), "{logged}");
}

#[tokio::test]
async fn a_url_that_can_not_be_used_is_refused_without_its_password() {
    for url in ["postgres://ruche:hunter2@127.0.0.1:many/ruche", "mysql://ruche:hunter2@db/ruche", "hunter2"] {
        let error = Postgres::connect(&settings(url.to_owned(), "public"), Application::GATEWAY).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        assert!(error.to_string().contains("RUCHE_POSTGRES__URL"), "{error}");
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_said_to_be() {
    let url = "postgres://ruche@127.0.0.1:1/ruche".to_owned();
    let store = Postgres::connect(&settings(url, "public"), Application::WORKER).unwrap();
    let error = store.template_package(&"acme".parse().unwrap(), "letter", None).await.unwrap_err();
    assert!(error.to_string().starts_with("the database is not available: "), "{error}");
}
