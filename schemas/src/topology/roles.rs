//! What each role may publish and hear on the server, computed from the rows: the subjects that the role uses, and
//! nothing else. A stolen login does no more harm than its role can.

use super::{
    names::Names,
    rows::{Row, Stored, Who},
    subjects::Subject,
};
use crate::{Kind, Lane, TenantId};

/// Subjects, wildcards among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions {
    pub publish: Vec<String>,
    pub subscribe: Vec<String>,
}

/// A program that the server lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// It creates and updates the streams, publishes jobs of all kinds, and keeps what operators set. It takes no job.
    Gateway { kinds: Vec<Kind> },
    /// It takes jobs of its own kinds, writes logs and dead letters, and publishes jobs of any kind that follow.
    Worker { kinds: Vec<Kind>, own: Vec<Kind> },
    /// It publishes the jobs of one tenant and hears their events.
    Producer { tenant: TenantId },
}

/// Permissions for the streams of these rows. Answers to the role come to `inbox`.
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

/// Where answers to a user come: an inbox of its own, because whoever may listen to `_INBOX.>` hears everybody's.
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

    /// The streams of a row for which the role is among these.
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

    /// What concerns no stream, or any: whether JetStream is there, and whether there is a queue for a kind that is not
    /// known here.
    fn server(&self) -> Vec<String> {
        let asked: &[&str] = match self.role {
            Role::Gateway { .. } => &["INFO", "STREAM.NAMES", "STREAM.INFO.*"],
            Role::Worker { .. } => &["INFO", "STREAM.INFO.*"],
            Role::Producer { .. } => &[],
        };
        asked.iter().map(|what| format!("$JS.API.{what}")).collect()
    }

    /// Requests about the streams of a row.
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
            // An acknowledgement has a short form, and one with domain and account.
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

/// A tenant's part of a subject: of jobs, the one shard of each lane that holds the tenant's.
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
