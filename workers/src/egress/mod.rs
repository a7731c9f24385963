//! Egress: fetches a URL named by an untrusted party, without SSRF. The address that is dialled must be public: a
//! name is resolved once, its addresses are checked, and those are dialled; each redirect is checked too.
//! `egress.allow` allows internal hosts. No credentials, cookies, referrer or environment proxy are used; bytes, time
//! and redirects are limited.
//!
//! The caller learns nothing about the internal network: an unknown name, a name with an internal address and an
//! internal address give the same error.

mod address;
mod client;
mod fetch_error;
mod names;

pub use client::{Egress, Fetched};
pub use fetch_error::{FetchError, OpenError, REDIRECTS};
pub use names::{Names, System};
