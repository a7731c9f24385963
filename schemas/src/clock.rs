//! The time. Code takes a [`Clock`] as an argument, so that tests set the time.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

pub trait Clock: fmt::Debug + Send + Sync + 'static {
    fn now(&self) -> DateTime<Utc>;
}

#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Clock for System {
    fn now(&self) -> DateTime<Utc> {
        now()
    }
}

/// For programs and tests; a library takes a [`Clock`].
#[must_use]
#[allow(clippy::disallowed_methods, reason = "the only place that asks the system for the time")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A clock for tests: it changes only when [`Manual::advance`] is called.
#[derive(Debug)]
pub struct Manual(Mutex<DateTime<Utc>>);

impl Manual {
    #[must_use]
    pub const fn new(now: DateTime<Utc>) -> Self {
        Self(Mutex::new(now))
    }

    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for Manual {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
