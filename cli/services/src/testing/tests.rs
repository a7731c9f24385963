use std::{path::PathBuf, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
};

use super::{slot::Slot, *};
use crate::{process, ready, tools::Tools};

/// Runs SQL with the `psql` of the same wheel and returns its output.
fn sql(url: &str, statement: &str) -> String {
    let tools = Tools::find().unwrap();
    let mut psql = std::process::Command::new(tools.postgres_bin.join("psql"));
    let output = psql.args(["-XAtc", statement, url]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn port_of(url: &str) -> u16 {
    let after = url.rsplit_once(':').unwrap().1;
    after.split('/').next().unwrap().parse().unwrap()
}

async fn answers(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).await.is_ok()
}

#[tokio::test]
async fn postgres_speaks_sql_and_vectors_and_keeps_its_data_over_a_restart() {
    let server = postgres().await;
    assert_eq!(
        sql(&server.url(), "create extension vector; select '[3,4]'::vector <-> '[0,0]'"),
        "CREATE EXTENSION\n5"
    );
    sql(&server.url(), "create table kept(n int); insert into kept values (7)");
    server.stop().await;
    assert!(!answers(port_of(&server.url())).await);
    server.start().await;
    assert_eq!(sql(&server.url(), "select n from kept"), "7");
    assert_eq!(sql(&server.url(), "select lower('É'), current_user, inet_server_addr()"), "é|ruche|127.0.0.1");
}

#[tokio::test]
async fn postgres_refuses_a_wrong_password() {
    let url = shared_postgres().await;
    let tools = Tools::find().unwrap();
    let wrong = format!("postgres://ruche:wrong@127.0.0.1:{}/ruche", port_of(&url));
    let output = std::process::Command::new(tools.postgres_bin.join("psql")).args(["-c", "select 1", &wrong]).output();
    assert!(String::from_utf8_lossy(&output.unwrap().stderr).contains("password authentication failed"));
}

#[tokio::test]
async fn nats_comes_back_on_the_same_port() {
    let server = nats().await;
    let port = port_of(&server.url());
    server.stop().await;
    assert!(!answers(port).await);
    server.start().await;
    assert!(answers(port).await);
}

#[tokio::test]
async fn a_cluster_goes_on_without_one_of_its_servers_and_takes_it_back() {
    let cluster = nats_cluster().await;
    let [first, others @ ..] = cluster.servers() else { panic!("a cluster without servers") };
    assert_eq!(others.len(), 2);
    assert!(others.iter().all(|other| cluster.url().contains(&other.url())));
    first.kill().await;
    assert!(!answers(port_of(&first.url())).await);
    for other in others {
        let process = other.process.0.lock().unwrap().clone().unwrap();
        other.options.ready(&process).await.unwrap();
    }
    first.start().await;
    assert!(cluster.server(first.name()).options.is_current().await);
}

#[tokio::test]
async fn a_server_that_stands_still_says_nothing_until_it_is_resumed() {
    let server = nats().await;
    let (port, name) = (port_of(&server.url()), server.name().to_owned());
    server.pause();
    let greeted = tokio::time::timeout(Duration::from_millis(300), ready::nats(port, &name)).await;
    assert!(greeted.is_err(), "the kernel takes the connection, and nobody greets");
    server.resume();
    assert!(ready::nats(port, &name).await);
}

#[tokio::test]
async fn another_server_on_the_port_is_not_taken_for_ours() {
    let server = nats().await;
    let port = port_of(&server.url());
    assert!(ready::nats(port, &server.options.name).await);
    assert!(!ready::nats(port, "ruche-somebody-else").await);
}

#[tokio::test]
async fn a_dropped_server_and_its_folder_are_gone() {
    let server = nats().await;
    let (port, folder) = (port_of(&server.url()), server.options.folder.clone());
    drop(server);
    assert!(!answers(port).await);
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_shared_server_outlives_the_test_that_started_it() {
    // Each runtime here ends like a test's does; the server must stay.
    let in_a_runtime = || {
        std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(shared_nats())
        })
    };
    let first = in_a_runtime().join().unwrap();
    let second = in_a_runtime().join().unwrap();
    assert_eq!(first, second);
    assert!(answers(port_of(&second)).await);
}

#[test]
fn unique_names_are_valid_prefixes_and_schemas() {
    let name = unique("t");
    assert!(name.len() <= 32 && name.starts_with("t_"));
    assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
}

/// Not a test of its own: the program that [`servers_die_with_a_killed_test`] kills.
#[tokio::test]
async fn victim() {
    if std::env::var_os("RUCHE_TEST_VICTIM").is_none() {
        return;
    }
    let (nats, postgres) = (nats().await, postgres().await);
    let pid = |slot: &Slot| slot.0.lock().unwrap().as_ref().unwrap().pid();
    println!("\nservers {} {} {}", pid(&nats.process), pid(&postgres.process), nats.options.folder.display());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn servers_die_with_a_killed_test() {
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "testing::tests::victim", "--nocapture"]).env("RUCHE_TEST_VICTIM", "1");
    let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let found = loop {
        let line = lines.next_line().await.unwrap().expect("the servers' ids");
        if let Some(found) = line.strip_prefix("servers ") {
            break found.to_owned();
        }
    };
    let parts: Vec<&str> = found.split(' ').collect();
    let folder = PathBuf::from(parts[2]);
    child.kill().await.unwrap();
    for pid in parts[..2].iter().map(|pid| pid.parse().unwrap()) {
        ready::gone(pid, &folder, Duration::from_secs(30)).await.unwrap();
        assert!(!process::is_alive(pid));
    }
    let start = std::time::Instant::now();
    while folder.exists() && start.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!folder.exists(), "the guard removes the folders of a killed test");
}
