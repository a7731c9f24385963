//! The subjects, as templates. After the prefix, a token in `<>` stands for a value.

/// Without the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject(pub &'static str);

/// A job that waits for a worker.
pub const JOB: Subject = Subject("job.<kind>.<lane>.<shard>.<tenant>");
/// A job that waits for a worker of a pool.
pub const POOLED_JOB: Subject = Subject("job.<kind>.<lane>.<shard>.<tenant>.<pool>");
/// A job that is not due yet.
pub const SCHEDULE: Subject = Subject("schedule.<kind>.<tenant>.<job>");
pub const RECURRING: Subject = Subject("recurring.<kind>.<tenant>.<name>");
/// A job that is due and on its way to its queue.
pub const DUE: Subject = Subject("due.<kind>.<lane>.<tenant>");
pub const EVENT: Subject = Subject("event.<tenant>.<job>");
/// The stored events of a job. The log's own subject also receives events that the stream refuses: those of a worker
/// that was presumed dead.
pub const LIVE: Subject = Subject("live.<tenant>.<job>");
pub const DEAD: Subject = Subject("dead.<kind>.<tenant>.<job>");
pub const CANCEL: Subject = Subject("cancel.<tenant>.<job>");
/// What operators set: pauses of kinds, tenants and workers, and the caps of tenants.
pub const PAUSE: Subject = Subject("pause.<what>.<name>");
/// The same once it is stored.
pub const PAUSED: Subject = Subject("paused.<what>.<name>");
pub const SLOT: Subject = Subject("slot.<kind>.<tenant>.<slot>");
/// The job that has a unique key.
pub const UNIQUE: Subject = Subject("unique.<kind>.<tenant>.<key>");
/// A worker's registration.
pub const WORKER: Subject = Subject("worker.<kind>.<worker>");

impl Subject {
    /// A token that is not among `values` becomes `*`.
    #[must_use]
    pub fn with(self, prefix: &str, values: &[(&str, &str)]) -> String {
        self.fill(prefix, |name| values.iter().find(|(token, _)| *token == name).map(|(_, value)| (*value).to_owned()))
    }

    /// The subject in AsyncAPI's form: `{prefix}.event.{tenant}.{job}`.
    #[must_use]
    pub fn address(self, values: &[(&str, &str)]) -> String {
        self.fill("{prefix}", |name| {
            let known = values.iter().find(|(token, _)| *token == name);
            Some(known.map_or_else(|| format!("{{{name}}}"), |(_, value)| (*value).to_owned()))
        })
    }

    /// The subject to which the server republishes what it stores under `stored`.
    #[must_use]
    pub(super) fn republished(self, prefix: &str, stored: Self) -> String {
        self.fill(prefix, |name| Some(format!("{{{{wildcard({})}}}}", stored.place(name)?)))
    }

    #[must_use]
    pub(super) fn has(self, token: &str) -> bool {
        self.place(token).is_some()
    }

    /// The position of a token among those in `<>`, from 1.
    fn place(self, token: &str) -> Option<usize> {
        self.0.split('.').filter_map(name).position(|name| name == token).map(|place| place + 1)
    }

    fn fill(self, prefix: &str, value: impl Fn(&str) -> Option<String>) -> String {
        let mut subject = prefix.to_owned();
        for token in self.0.split('.') {
            subject.push('.');
            match name(token) {
                Some(name) => subject.push_str(value(name).as_deref().unwrap_or("*")),
                None => subject.push_str(token),
            }
        }
        subject
    }
}

fn name(token: &str) -> Option<&str> {
    token.strip_prefix('<')?.strip_suffix('>')
}
