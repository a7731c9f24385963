//! A stream that one row adds is created, and allowed for its roles only.

use std::{collections::HashMap, time::Duration};

use super::{
    markdown,
    roles::{Permissions, Role, permissions},
    rows::{ROWS, Row, Stored, Who},
    server::Republish,
    streams,
    subjects::Subject,
};
use crate::{
    JobId, JobRef, Kind, Lane,
    config::Config,
    topology::{names::Names, sources::Source},
};

const TOYS: Row = Row {
    subjects: &[Stored::by(Subject("toy.<kind>.<tenant>"), &[Who::OwnWorker])
        .heard(Subject("played.<tenant>.<kind>"), &[Who::Gateway, Who::Producer])],
    readers: &[Who::Gateway, Who::Producer],
    deleters: &[Who::Worker],
    ..Row::new("TOYS", "What children play with", "until broken")
};

fn rows() -> Vec<Row> {
    ROWS.into_iter().chain([TOYS]).collect()
}

fn kinds() -> Vec<Kind> {
    vec![Kind::new("chat"), Kind::new("embed")]
}

fn may(role: &Role) -> Permissions {
    permissions(&rows(), "t", role, "_INBOX_x")
}

/// Whether one of these patterns matches the subject.
fn takes(patterns: &[String], subject: &str) -> bool {
    let one = |pattern: &String| {
        let (mut pattern, mut subject) = (pattern.split('.'), subject.split('.'));
        loop {
            match (pattern.next(), subject.next()) {
                (None, None) | (Some(">"), Some(_)) => return true,
                (Some(wanted), Some(token)) if wanted == "*" || wanted == token => {}
                _ => return false,
            }
        }
    };
    patterns.iter().any(one)
}

#[test]
fn a_row_is_a_stream() {
    let mut config = Config::from_layers(None, Some(HashMap::new())).expect("the default configuration").nats;
    config.prefix = "t".to_owned();
    let streams = streams::of(&rows(), &config, &kinds(), Duration::from_secs(1));
    let toys = streams.iter().find(|stream| stream.name == "T_TOYS").expect("the stream of the row");
    assert_eq!((&toys.subjects[..], toys.description.as_str()), (&["t.toy.*.*".to_owned()][..], TOYS.holds));
    let dest = "t.played.{{wildcard(2)}}.{{wildcard(1)}}".to_owned();
    assert_eq!(toys.republish, Some(Republish { src: "t.toy.*.*".to_owned(), dest }));
    assert!(markdown::page(&rows()).contains("| `TOYS` | `ruche.toy.<kind>.<tenant>` | What children play with |"));
}

#[test]
fn a_row_is_allowed_for_its_roles_and_for_no_other() {
    let gateway = may(&Role::Gateway { kinds: kinds() });
    let worker = may(&Role::Worker { kinds: kinds(), own: vec![Kind::new("chat")] });
    let producer = may(&Role::Producer { tenant: "acme".parse().expect("a tenant") });
    for (subject, expected) in [
        ("t.toy.chat.acme", [false, true, false]),
        ("t.toy.embed.acme", [false, false, false]),
        ("$JS.API.STREAM.CREATE.T_TOYS", [true, true, false]),
        ("$JS.API.STREAM.UPDATE.T_TOYS", [true, false, false]),
        ("$JS.API.DIRECT.GET.T_TOYS", [true, false, false]),
        ("$JS.API.DIRECT.GET.T_TOYS.t.toy.chat.acme", [true, false, true]),
        ("$JS.API.DIRECT.GET.T_TOYS.t.toy.chat.other", [true, false, false]),
        ("$JS.API.STREAM.MSG.DELETE.T_TOYS", [false, true, false]),
        ("$JS.API.STREAM.PURGE.T_TOYS", [false, false, false]),
    ] {
        let found = [&gateway, &worker, &producer].map(|may| takes(&may.publish, subject));
        assert_eq!(found, expected, "publish {subject}");
    }
    for (subject, expected) in
        [("t.played.acme.chat", [true, false, true]), ("t.played.other.chat", [true, false, false])]
    {
        let found = [&gateway, &worker, &producer].map(|may| takes(&may.subscribe, subject));
        assert_eq!(found, expected, "subscribe {subject}");
    }
}

#[test]
fn two_prefixes_share_no_stream_and_no_subject() {
    let job = JobRef { tenant: "acme".parse().expect("a tenant"), id: JobId::generate() };
    let (ruche, other) = (Names::new("ruche"), Names::new("t1"));
    assert_eq!((ruche.stream("EVENTS").as_str(), other.stream("EVENTS").as_str()), ("EVENTS", "T1_EVENTS"));
    assert_eq!(other.jobs(&Kind::new("chat")), "T1_JOBS_CHAT");
    assert_eq!(other.kind_of("T1_JOBS_CHAT"), Some(Kind::new("chat")));
    assert_eq!(ruche.event(&job), format!("ruche.event.acme.{}", job.id));
    assert_ne!(ruche.event(&job), other.event(&job));
    assert_eq!(ruche.worker(&Kind::new("chat"), "a.b *>é"), "ruche.worker.chat.a_b____");
}

#[test]
fn a_pools_jobs_and_consumers_are_apart_from_the_others() {
    let (names, chat, acme) = (Names::new("t"), Kind::new("chat"), "acme".parse().expect("a tenant"));
    let plain = names.job(&chat, Lane::Normal, &acme, None);
    let pooled = names.job(&chat, Lane::Normal, &acme, Some("tiny.1 b"));
    assert_eq!((plain.as_str(), pooled.as_str()), ("t.job.chat.normal.0.acme", "t.job.chat.normal.0.acme.tiny_1_b"));
    for source in Source::all() {
        let (own, others) = (names.pooled(&chat, source, Some("tiny.1 b")), names.source(&chat, source));
        assert!(!takes(&[others], &pooled) && !takes(std::slice::from_ref(&own), &plain));
        assert_eq!(takes(&[own], &pooled), source.lane == Lane::Normal);
        assert_eq!(Names::source_of(&source.consumer()), Some((source, None)));
        let consumer = Names::pool_consumer(source, "tiny.1 b");
        assert_eq!(Names::source_of(&consumer), Some((source, Some("tiny_1_b"))));
    }
    assert_eq!(Names::source_of("bulk-x_tiny"), None);
    let [one, other] = names.queued(&chat, &acme);
    assert!(takes(&[one], &plain) && takes(&[other], &pooled));
}
