//! The subjects that each role may publish and subscribe to, computed from the rows. A role may use no others, which
//! bounds the harm of a stolen login.

use super::{
    names::Names,
    rows::{Row, Stored, Who},
    subjects::Subject,
};
use crate::{Kind, Lane, TenantId};

/// Subjects, with wildcards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions {
    pub publish: Vec<String>,
    pub subscribe: Vec<String>,
}

/// A program with a login on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Creates and updates the streams, publishes jobs of all kinds, and stores what operators set. Takes no job.
    Gateway { kinds: Vec<Kind> },
    /// Takes jobs of its own kinds, writes logs and dead letters, and publishes follow-up jobs of any kind.
    Worker { kinds: Vec<Kind>, own: Vec<Kind> },
    /// Publishes the jobs of one tenant and reads their events.
    Producer { tenant: TenantId },
}

/// The role receives answers at `inbox`.
#[must_use]
pub fn permissions(rows: &[Row], prefix: &str, role: &Role, inbox: &str) -> Permissions {
    let names = Names::new(prefix);
    let grants = Grants { names: &names, role };
    let mut subscribe = vec![format!("{inbox}.>")];
    let mut publish = Vec::new();
    for stored in rows.iter().flat_map(|row| row.subjects) {
        publish.extend(grants.subjects(stored.subject, stored.publishers));
        subscribe.extend(stored.heard.iter().flat_map(|(on, by)| grants.subjects(*on, by)));
    }
    publish.extend(grants.server());
    publish.extend(rows.iter().flat_map(|row| grants.api(row)));
    Permissions { publish, subscribe }
}

/// Each user has its own inbox: a subscriber of `_INBOX.>` would receive everybody's answers.
#[must_use]
pub fn inbox(user: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    format!("_INBOX_{}", user.chars().map(safe).collect::<String>())
}

/// The subjects that a producer may publish jobs to.
#[must_use]
pub fn produced(rows: &[Row], prefix: &str, tenant: &TenantId) -> Vec<String> {
    let names = Names::new(prefix);
    let grants = Grants { names: &names, role: &Role::Producer { tenant: tenant.clone() } };
    let subjects = |stored: &Stored| grants.subjects(stored.subject, stored.publishers);
    rows.iter().flat_map(|row| row.subjects).flat_map(subjects).collect()
}

struct Grants<'a> {
    names: &'a Names,
    role: &'a Role,
}

impl Grants<'_> {
    /// The kinds for which the role is among these; `None` if it is not.
    fn kinds(&self, who: &[Who]) -> Option<&[Kind]> {
        match self.role {
            Role::Gateway { kinds } => who.contains(&Who::Gateway).then_some(kinds),
            Role::Worker { kinds, .. } if who.contains(&Who::Worker) => Some(kinds),
            Role::Worker { own, .. } => who.contains(&Who::OwnWorker).then_some(own),
            Role::Producer { .. } => who.contains(&Who::Producer).then_some(&[]),
        }
    }

    fn streams(&self, row: &Row, who: &[Who]) -> Vec<String> {
        self.kinds(who).map_or_else(Vec::new, |kinds| row.streams(self.names, kinds))
    }

    fn subjects(&self, subject: Subject, who: &[Who]) -> Vec<String> {
        if self.kinds(who).is_none() {
            return Vec::new();
        }
        let prefix = self.names.prefix();
        match self.role {
            Role::Producer { tenant } => tenants(subject, prefix, tenant),
            Role::Worker { own, .. } if !who.contains(&Who::Worker) && subject.has("kind") => {
                own.iter().map(|kind| subject.with(prefix, &[("kind", kind.as_str())])).collect()
            }
            _ => vec![subject.with(prefix, &[])],
        }
    }

    /// Requests that concern no stream, or any: whether JetStream is available, whether an unknown kind has a queue, and
    /// which pools a queue has.
    fn server(&self) -> Vec<String> {
        let asked: &[&str] = match self.role {
            Role::Gateway { .. } => &["INFO", "STREAM.NAMES", "STREAM.INFO.*", "CONSUMER.NAMES.*"],
            Role::Worker { .. } => &["INFO", "STREAM.INFO.*"],
            Role::Producer { .. } => &[],
        };
        asked.iter().map(|what| format!("$JS.API.{what}")).collect()
    }

    fn api(&self, row: &Row) -> Vec<String> {
        let mut forms = Vec::new();
        let mut grant = |who: &[Who], templates: &[&str]| {
            for stream in self.streams(row, who) {
                forms.extend(templates.iter().map(|template| template.replace("{}", &stream)));
            }
        };
        grant(row.creators, &["$JS.API.STREAM.CREATE.{}"]);
        grant(row.updaters, &["$JS.API.STREAM.UPDATE.{}"]);
        if let Some(consumers) = row.consumers {
            let name = consumers.name;
            grant(
                row.creators,
                &[&format!("$JS.API.CONSUMER.INFO.{{}}.{name}"), &format!("$JS.API.CONSUMER.CREATE.{{}}.{name}.>")],
            );
            // An acknowledgement's subject has a short form, and one with domain and account.
            grant(
                consumers.takers,
                &[
                    &format!("$JS.API.CONSUMER.MSG.NEXT.{{}}.{name}"),
                    &format!("$JS.ACK.{{}}.{name}.>"),
                    &format!("$JS.ACK.*.*.{{}}.{name}.>"),
                ],
            );
        }
        for consumer in row.obsolete {
            grant(row.updaters, &[&format!("$JS.API.CONSUMER.DELETE.{{}}.{consumer}")]);
        }
        match self.role {
            Role::Producer { .. } => {
                for subject in row.subjects.iter().flat_map(|stored| self.subjects(stored.subject, row.readers)) {
                    grant(row.readers, &[&format!("$JS.API.DIRECT.GET.{{}}.{subject}")]);
                }
            }
            _ => grant(row.readers, &["$JS.API.DIRECT.GET.{}", "$JS.API.DIRECT.GET.{}.>", "$JS.API.STREAM.MSG.GET.{}"]),
        }
        grant(row.deleters, &["$JS.API.STREAM.MSG.DELETE.{}"]);
        grant(row.purgers, &["$JS.API.STREAM.PURGE.{}"]);
        forms
    }
}

/// A tenant's part of a subject; for jobs, the tenant's one shard of each lane.
fn tenants(subject: Subject, prefix: &str, tenant: &TenantId) -> Vec<String> {
    if !subject.has("shard") {
        return vec![subject.with(prefix, &[("tenant", tenant.as_str())])];
    }
    let lane = |lane: Lane| {
        let shard = lane.shard(tenant).to_string();
        subject.with(prefix, &[("lane", lane.as_str()), ("shard", &shard), ("tenant", tenant.as_str())])
    };
    Lane::ALL.map(lane).into()
}
