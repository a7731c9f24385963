//! Writes the streams and the roles as a page: `docs/streams.md`.

use std::fmt::Write as _;

use super::rows::{Row, Who};

#[must_use]
pub fn page(rows: &[Row]) -> String {
    let mut page = "<!-- Made from schemas/src/topology/rows.rs by UPDATE_SNAPSHOTS=1 make test. Do not edit. -->\n\n\
        # Streams on NATS\n\n\
        After reading this page you know where a message is stored, for how long, and which program may publish or read it. Under a \
        prefix other than `ruche` the streams are called `<PREFIX>_EVENTS` and so on.\n\n\
        | stream | subjects | holds | kept | published by | read by | taken by |\n\
        |---|---|---|---|---|---|---|\n"
        .to_owned();
    for row in rows {
        let publishers = row.subjects.iter().flat_map(|stored| stored.publishers);
        let takers = row.consumers.iter().flat_map(|consumers| consumers.takers);
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {} | {} | {} | {} |",
            row.name,
            subjects(row),
            row.holds.replace("<kind>", "`<kind>`"),
            row.keeps,
            people(publishers),
            people(row.readers),
            people(takers)
        );
    }
    page.push_str("\nAlso published at once, without storage:\n\n| subject | message | subscribers |\n|---|---|---|\n");
    for row in rows {
        for (stored, (on, by)) in row.subjects.iter().filter_map(|stored| Some((stored, stored.heard?))) {
            let _ = writeln!(page, "| `ruche.{}` | same as on `ruche.{}` | {} |", on.0, stored.subject.0, people(by));
        }
    }
    page
}

fn subjects(row: &Row) -> String {
    let own = row.subjects.iter().map(|stored| format!("`ruche.{}`", stored.subject.0));
    let advisories = row.advisories.iter().map(|event| format!("`$JS.EVENT.ADVISORY.CONSUMER.{event}.JOBS_<KIND>.*`"));
    own.chain(advisories).collect::<Vec<_>>().join(", ")
}

fn people<'a>(who: impl IntoIterator<Item = &'a Who>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for who in who {
        let name = match who {
            Who::Gateway => "gateways",
            Who::Worker => "workers",
            Who::OwnWorker => "workers of the kind",
            Who::Producer => "producers of the tenant",
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}
