//! What each role may say and hear on NATS, subject by subject: what it uses, and nothing else.
//!
//! The server holds everybody to it, so a stolen login does no more harm than its role can. The names are those that
//! `bus::topology` makes; the end-to-end tests run under these permissions and fail at the first violation.

use std::fmt;

/// Subjects, wildcards among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Permissions {
    pub(crate) publish: Vec<String>,
    pub(crate) subscribe: Vec<String>,
}

/// As the server's configuration says it.
impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let block = |f: &mut fmt::Formatter<'_>, what: &str, subjects: &[String]| {
            writeln!(f, "  {what}: {{ allow: [")?;
            for subject in subjects {
                writeln!(f, "    \"{subject}\"")?;
            }
            writeln!(f, "  ] }}")
        };
        writeln!(f, "{{")?;
        block(f, "publish", &self.publish)?;
        block(f, "subscribe", &self.subscribe)?;
        write!(f, "}}")
    }
}

/// Where answers to a user come: an inbox of its own, for whoever may listen to `_INBOX.>` hears everybody's. Ruche's
/// programs derive it from their user's name in the same way.
pub(crate) fn inbox(user: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    format!("_INBOX_{}", user.chars().map(safe).collect::<String>())
}

/// A producer publishes the jobs of one tenant and hears their events.
pub(crate) fn producer(prefix: &str, tenant: &str, bulk_shard: u32, inbox: &str) -> Permissions {
    let mut publish = produced(prefix, tenant, bulk_shard);
    // A job's last event, which tells its state.
    publish.push(format!("$JS.API.DIRECT.GET.*.{prefix}.event.{tenant}.*"));
    Permissions { publish, subscribe: vec![format!("{inbox}.>"), format!("{prefix}.live.{tenant}.*")] }
}

/// The subjects that a producer may publish to.
pub(crate) fn produced(prefix: &str, tenant: &str, bulk_shard: u32) -> Vec<String> {
    let lanes = [("interactive", 0), ("normal", 0), ("bulk", bulk_shard)];
    lanes.map(|(lane, shard)| format!("{prefix}.job.*.{lane}.{shard}.{tenant}")).into()
}

/// A gateway makes the streams and keeps them up to date, publishes jobs of all kinds, and keeps what operators set.
/// It takes no job.
pub(crate) fn gateway(prefix: &str, kinds: &[String], inbox: &str) -> Permissions {
    let names = Names { prefix, kinds };
    let mut publish = names.subjects(&[
        "job.*.*.*.*",
        "event.*.*",
        "schedule.*.*.*",
        "recurring.*.*.*",
        "cancel.*.*",
        "hold.*.*",
        "unique.*.*.*",
    ]);
    // Of any stream: whether there is a queue for a kind that is not known here.
    publish.extend(["INFO", "STREAM.NAMES", "STREAM.INFO.*"].map(api));
    for stream in names.streams() {
        publish.extend(["CREATE", "UPDATE"].map(|verb| api(&format!("STREAM.{verb}.{stream}"))));
    }
    for queue in names.queues() {
        publish.extend(names.makes(&queue, "*"));
        publish.push(api(&format!("CONSUMER.DELETE.{queue}.*")));
        publish.extend(names.reads(&queue));
    }
    let (schedules, dead) = (names.stream("SCHEDULES"), names.stream("DEAD"));
    publish.extend(names.makes(&names.stream("ADVISORIES"), "undertaker"));
    publish.extend(names.makes(&schedules, "due"));
    publish.extend(names.takes(&schedules, "due"));
    for stream in ["SCHEDULES", "EVENTS", "DEAD", "CONTROLS", "UNIQUE", "WORKERS"] {
        publish.extend(names.reads(&names.stream(stream)));
    }
    publish.push(api(&format!("STREAM.PURGE.{schedules}")));
    // Letters that are replayed or dropped; the beginning of a log whose job was refused.
    publish.extend([dead, names.stream("EVENTS")].map(|stream| api(&format!("STREAM.MSG.DELETE.{stream}"))));
    let mut subscribe = vec![format!("{inbox}.>")];
    subscribe.extend(names.subjects(&["live.*.*", "held.*.*"]));
    Permissions { publish, subscribe }
}

/// A worker takes jobs of its own kinds, writes logs and dead letters, and starts jobs that follow: of any kind, so it
/// may publish them. It makes streams that are missing, but changes none. The server's advisories are shared by all
/// workers: whoever gets one buries its job and takes it off its queue, of whatever kind.
pub(crate) fn worker(prefix: &str, kinds: &[String], own: &[String], inbox: &str) -> Permissions {
    let (names, mine) = (Names { prefix, kinds }, Names { prefix, kinds: own });
    let mut publish = names.subjects(&["job.*.*.*.*", "event.*.*", "dead.*.*.*"]);
    for kind in own {
        publish.extend(["schedule", "seat"].map(|what| format!("{prefix}.{what}.{kind}.*.*")));
        publish.push(format!("{prefix}.worker.{kind}.*"));
    }
    publish.extend(["INFO", "STREAM.INFO.*"].map(api));
    publish.extend(mine.streams().iter().map(|stream| api(&format!("STREAM.CREATE.{stream}"))));
    for queue in mine.queues() {
        publish.extend(names.makes(&queue, "*"));
        publish.extend(names.takes(&queue, "*"));
    }
    for (stream, consumer) in [("SCHEDULES", "due"), ("ADVISORIES", "undertaker")] {
        publish.extend(names.makes(&names.stream(stream), consumer));
        publish.extend(names.takes(&names.stream(stream), consumer));
    }
    for stream in names.queues().into_iter().chain([names.stream("SEATS")]) {
        publish.extend(names.reads(&stream));
        publish.push(api(&format!("STREAM.MSG.DELETE.{stream}")));
    }
    for stream in ["EVENTS", "DEAD", "CANCELS", "CONTROLS"] {
        publish.extend(names.reads(&names.stream(stream)));
    }
    let mut subscribe = vec![format!("{inbox}.>")];
    subscribe.extend(names.subjects(&["cancel.*.*", "held.*.*"]));
    Permissions { publish, subscribe }
}

fn api(what: &str) -> String {
    format!("$JS.API.{what}")
}

/// Names under one prefix, for some kinds.
struct Names<'a> {
    prefix: &'a str,
    kinds: &'a [String],
}

impl Names<'_> {
    fn subjects(&self, all: &[&str]) -> Vec<String> {
        all.iter().map(|subject| format!("{}.{subject}", self.prefix)).collect()
    }

    fn stream(&self, name: &str) -> String {
        match self.prefix {
            "ruche" => name.to_owned(),
            other => format!("{}_{name}", other.to_uppercase()),
        }
    }

    fn queues(&self) -> Vec<String> {
        self.kinds.iter().map(|kind| self.stream(&format!("JOBS_{}", kind.to_uppercase()))).collect()
    }

    fn streams(&self) -> Vec<String> {
        let others = ["EVENTS", "SCHEDULES", "DEAD", "ADVISORIES", "CANCELS", "CONTROLS", "SEATS", "UNIQUE", "WORKERS"];
        self.queues().into_iter().chain(others.map(|name| self.stream(name))).collect()
    }

    /// Reads single messages and batches, without a consumer.
    fn reads(&self, stream: &str) -> [String; 3] {
        ["DIRECT.GET.{}", "DIRECT.GET.{}.>", "STREAM.MSG.GET.{}"].map(|form| api(&form.replace("{}", stream)))
    }

    fn makes(&self, stream: &str, consumer: &str) -> [String; 2] {
        [api(&format!("CONSUMER.INFO.{stream}.{consumer}")), api(&format!("CONSUMER.CREATE.{stream}.{consumer}.>"))]
    }

    /// Takes messages, and settles them: acknowledgements have a short form and one with domain and account.
    fn takes(&self, stream: &str, consumer: &str) -> [String; 3] {
        [
            api(&format!("CONSUMER.MSG.NEXT.{stream}.{consumer}")),
            format!("$JS.ACK.{stream}.{consumer}.>"),
            format!("$JS.ACK.*.*.{stream}.{consumer}.>"),
        ]
    }
}
