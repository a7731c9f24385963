//! Unique names for tests.

/// A unique name, valid as a NATS prefix and as a Postgres schema: `unique("t")` is `t_3fa9c104`.
#[must_use]
pub fn unique(prefix: &str) -> String {
    format!("{prefix}_{:08x}", rand::random::<u32>())
}
