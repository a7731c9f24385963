//! The streams of the rows, for some kinds.

use std::time::Duration;

use super::{
    names::Names,
    rows::{ROWS, Row, Setting},
    server::{Consumer, Republish, Stream},
    sources::Source,
};
use crate::{Kind, config};

#[must_use]
pub fn streams(config: &config::Nats, kinds: &[Kind], ack_wait: Duration) -> Vec<Stream> {
    of(&ROWS, config, kinds, ack_wait)
}

#[must_use]
pub fn of(rows: &[Row], config: &config::Nats, kinds: &[Kind], ack_wait: Duration) -> Vec<Stream> {
    let names = &Names::new(&config.prefix);
    let all = |row: &Row| -> Vec<Stream> {
        let setting = |kind| Setting { names, config, ack_wait, kind };
        match row.is_per_kind() {
            true => kinds.iter().map(|kind| stream(row, rows, kinds, &setting(Some(kind)))).collect(),
            false => vec![stream(row, rows, kinds, &setting(None))],
        }
    };
    rows.iter().flat_map(all).collect()
}

/// The consumers of a pool, in the kind's stream of jobs.
#[must_use]
pub fn pool_consumers(names: &Names, kind: &Kind, pool: &str, ack_wait: Duration) -> Vec<Consumer> {
    let consumer =
        |source| Consumer::new(&Names::pool_consumer(source, pool), names.pooled(kind, source, Some(pool)), ack_wait);
    Source::all().map(consumer).collect()
}

fn stream(row: &Row, rows: &[Row], kinds: &[Kind], setting: &Setting<'_>) -> Stream {
    let prefix = setting.names.prefix();
    let mut subjects: Vec<_> = row.subjects.iter().map(|stored| stored.subject.with(prefix, &[])).collect();
    let queues: Vec<_> =
        rows.iter().filter(|row| row.is_per_kind()).flat_map(|row| row.streams(setting.names, kinds)).collect();
    for event in row.advisories {
        subjects.extend(queues.iter().map(|queue| format!("$JS.EVENT.ADVISORY.CONSUMER.{event}.{queue}.*")));
    }
    let republished = row.subjects.iter().find_map(|stored| {
        let (on, _) = stored.heard.filter(|(on, _)| *on != stored.subject)?;
        Some(Republish { src: stored.subject.with(prefix, &[]), dest: on.republished(prefix, stored.subject) })
    });
    let plain = Stream {
        name: row.stream(setting.names, setting.kind),
        description: row.holds.replace("<kind>", setting.kind.map_or("", Kind::as_str)),
        subjects,
        republish: republished,
        obsolete: row.obsolete,
        ..Stream::plain(setting.config)
    };
    (row.settings)(plain, setting)
}
