//! Typst in child processes: a bad document fails alone.

use std::{collections::BTreeSet, io::Write, sync::Arc, time::Duration};

use flate2::{Compression, write::GzEncoder};
use ruche_render::Resources;
use ruche_schemas::{
    Base64,
    failure::codes,
    kinds::render::{Render, Template},
};
use ruche_workers::kinds::render::{Options, TypesetError, Typesetter};

fn options(children: usize) -> Options {
    Options {
        program: env!("CARGO_BIN_EXE_ruche-worker").into(),
        children,
        memory: 1 << 30,
        deadline: Duration::from_secs(60),
        documents: 1000,
        resident: 1 << 30,
    }
}

fn text(markdown: &str) -> Render {
    Render { markdown: markdown.to_owned(), ..Render::default() }
}

/// `body` is that of the template's function.
fn with_template(body: &str) -> Render {
    let files = [
        ("typst.toml", "[package]\nname = \"t\"\nversion = \"1.0.0\"\nentrypoint = \"main.typ\"\n".to_owned()),
        ("main.typ", format!("#let template(doc) = {{\n{body}\n}}\n")),
    ];
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, text.as_bytes()).expect("a file in a package");
    }
    let mut gzip = tar.into_inner().expect("a package");
    gzip.flush().expect("a package");
    let package = Some(Base64(gzip.finish().expect("a package")));
    Render { template: Template { package, ..Template::default() }, ..text("# A\n") }
}

async fn refused(pool: &Typesetter, job: &Render) -> (String, String) {
    match pool.typeset(job, &Resources::default()).await {
        Err(TypesetError::Refused(failure)) => (failure.code, failure.message),
        other => panic!("not refused: {other:?}"),
    }
}

async fn is_well(pool: &Typesetter) {
    let output = pool.typeset(&text("# Well\n"), &Resources::default()).await.expect("a document");
    assert!(output.bytes.starts_with(b"%PDF-") && output.pages == 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_set_by_several_children_at_once() {
    let pool = Typesetter::start(options(2)).expect("a pool");
    let jobs = (0..20).map(|i| {
        let pool = pool.clone();
        tokio::spawn(async move {
            let output =
                pool.typeset(&text(&format!("# Title {i}\n")), &Resources::default()).await.expect("a document");
            output.title
        })
    });
    let mut titles = BTreeSet::new();
    for job in jobs.collect::<Vec<_>>() {
        titles.insert(job.await.expect("a task"));
    }
    assert_eq!(titles.len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_without_an_end_is_ended_and_costs_its_own_document_only() {
    let pool = Typesetter::start(Options { deadline: Duration::from_secs(2), ..options(2) }).expect("a pool");
    // Typst's own bound on loops does not apply: each call's loop is short.
    let endless = with_template(
        "let f(n) = { for i in range(1000) { n += i }; n }\nlet g(n) = { for i in range(9000) { n = f(n) }; n }\nfor i in range(9000) { g(i) }",
    );
    let (other, none) = (text("# B\n"), Resources::default());
    let (looping, other) = tokio::join!(refused(&pool, &endless), pool.typeset(&other, &none));
    assert_eq!(looping.0, codes::TOO_COMPLEX, "{}", looping.1);
    assert!(looping.1.contains("2 seconds"), "{}", looping.1);
    assert!(other.is_ok());
    is_well(&pool).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_takes_all_memory_is_ended_and_the_next_document_is_well() {
    // Of address space, which has the program and the stacks of its threads too: half of this.
    let pool = Typesetter::start(Options { memory: 1 << 30, ..options(1) }).expect("a pool");
    let laughs = with_template("let s = \"ha\"\nfor i in range(40) { s += s }\ns");
    let (code, message) = refused(&pool, &laughs).await;
    assert_eq!(code, codes::TOO_COMPLEX, "{message}");
    assert!(message.contains("1024 MiB"), "{message}");
    is_well(&pool).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn recursion_without_an_end_is_refused() {
    let pool = Typesetter::start(options(1)).expect("a pool");
    let (_, message) = refused(&pool, &with_template("let f(n) = f(n + 1)\nf(0)")).await;
    assert!(!message.is_empty());
    is_well(&pool).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_document_frees_its_place() {
    let pool = Typesetter::start(options(1)).expect("a pool");
    let endless =
        Arc::new(with_template("let f(n) = { for i in range(9000) { n += i }; n }\nfor i in range(9000) { f(i) }"));
    let task = tokio::spawn({
        let (pool, endless) = (pool.clone(), endless.clone());
        async move { pool.typeset(&endless, &Resources::default()).await.map(drop) }
    });
    // Whether its turn has come or not, aborting it must free its slot.
    tokio::task::yield_now().await;
    task.abort();
    is_well(&pool).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn children_are_replaced_after_so_many_documents() {
    let pool = Typesetter::start(Options { documents: 2, ..options(1) }).expect("a pool");
    for _ in 0..7 {
        is_well(&pool).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_a_template_name_file_and_line() {
    let pool = Typesetter::start(options(1)).expect("a pool");
    let (code, message) = refused(&pool, &with_template("let a = 1\nnothing-there")).await;
    assert_eq!(code, codes::TEMPLATE);
    assert!(message.contains("main.typ:3") && message.contains("nothing-there"), "{message}");
    for import in [
        "import \"/etc/passwd\": x",
        "read(\"/etc/passwd\")",
        "read(\"../../../etc/passwd\")",
        "import \"@preview/cetz:0.3.0\"",
    ] {
        let (code, message) = refused(&pool, &with_template(import)).await;
        assert_eq!(code, codes::TEMPLATE, "{import}");
        assert!(!message.contains("root:"), "{import}: {message}");
    }
}
