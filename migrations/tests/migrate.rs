//! Migrations on a real server, as deployments run them.

use ruche_migrations::{MigrateError, Step, down, status, up};
use ruche_services::testing;
use sqlx::Connection as _;

fn all(steps: &[Step], applied: bool) -> bool {
    !steps.is_empty() && steps.iter().all(|step| step.applied == applied)
}

#[tokio::test]
async fn up_twice_is_up_once() {
    let (url, schema) = (testing::shared_postgres().await, testing::unique("m"));
    assert!(all(&status(&url, &schema).await.unwrap(), false));
    up(&url, &schema).await.unwrap();
    up(&url, &schema).await.unwrap();
    assert!(all(&status(&url, &schema).await.unwrap(), true));
}

#[tokio::test]
async fn what_was_taken_back_can_be_applied_again() {
    let (url, schema) = (testing::shared_postgres().await, testing::unique("m"));
    up(&url, &schema).await.unwrap();
    let steps = u32::try_from(status(&url, &schema).await.unwrap().len()).unwrap();
    down(&url, &schema, steps).await.unwrap();
    assert!(all(&status(&url, &schema).await.unwrap(), false));
    up(&url, &schema).await.unwrap();
    assert!(all(&status(&url, &schema).await.unwrap(), true));
}

#[tokio::test]
async fn many_processes_may_migrate_at_once() {
    // Its own server, because one of them creates the extension too.
    let postgres = testing::postgres().await;
    let (url, schema, other) = (postgres.url(), testing::unique("m"), testing::unique("m"));
    let mut running = tokio::task::JoinSet::new();
    for schema in [&schema, &other, &schema, &other, &schema] {
        let (url, schema) = (url.clone(), schema.clone());
        running.spawn(async move { up(&url, &schema).await });
    }
    while let Some(result) = running.join_next().await {
        result.unwrap().unwrap();
    }
    for schema in [schema, other] {
        assert!(all(&status(&url, &schema).await.unwrap(), true));
    }
}

#[tokio::test]
async fn a_missing_schema_never_leads_into_another_ones_tables() {
    let (url, missing) = (testing::shared_postgres().await, testing::unique("m"));
    up(&url, "public").await.unwrap();
    down(&url, &missing, 1).await.unwrap();
    assert!(all(&status(&url, "public").await.unwrap(), true));
    assert!(all(&status(&url, &missing).await.unwrap(), false));
}

#[tokio::test]
async fn no_message_holds_the_password() {
    let refused = up("postgres://ruche:hunter2@127.0.0.1:1/ruche", "public").await.unwrap_err();
    assert!(matches!(refused, MigrateError::Unavailable(_)), "{refused}");
    for url in ["postgres://ruche:hunter2@127.0.0.1:many/ruche", "mysql://ruche:hunter2@db/ruche", "hunter2"] {
        let error = up(url, "public").await.unwrap_err();
        assert!(matches!(error, MigrateError::Url(_)), "{error}");
        assert!(!format!("{error} {error:?} {refused} {refused:?}").contains("hunter2"), "{error:?}");
    }
    let error = up("postgres://ruche:hunter2@127.0.0.1/ruche", "Robert'; DROP").await.unwrap_err().to_string();
    assert!(error.contains("Robert") && error.contains("a-z, 0-9 and _"), "{error}");
}

#[tokio::test]
async fn a_database_of_another_release_is_left_alone() {
    let (url, schema) = (testing::shared_postgres().await, testing::unique("m"));
    up(&url, &schema).await.unwrap();
    let change = async |sql: &str| {
        let mut db = sqlx::PgConnection::connect(&url).await.unwrap();
        let sql = format!("SET search_path TO {schema}; {sql}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut db).await.unwrap();
    };
    change("UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 20261123000002").await;
    let error = up(&url, &schema).await.unwrap_err();
    assert!(matches!(&error, MigrateError::Unfit(why) if why.contains("20261123000002")), "{error}");
    change("UPDATE _sqlx_migrations SET version = 1 WHERE version = 20261123000002").await;
    for error in [
        up(&url, &schema).await.unwrap_err(),
        down(&url, &schema, 1).await.unwrap_err(),
        status(&url, &schema).await.unwrap_err(),
    ] {
        assert!(matches!(&error, MigrateError::Unfit(why) if why.contains("migration 1,")), "{error}");
    }
}
