//! Egress: fetches a URL named by an untrusted party, without SSRF. The dialled address must be public or in
//! `egress.allow`: a name is resolved once, its addresses are checked and dialled; each redirect is checked too. No
//! credentials, cookies, referrer or environment proxy are used; bytes, time and redirects are limited.

mod address;
mod client;
mod fetch_error;
mod names;

pub use client::{Egress, Fetched};
pub use fetch_error::{FetchError, OpenError, REDIRECTS};
pub use names::{Names, System};
