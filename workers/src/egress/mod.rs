//! The way out: fetches a URL that somebody else named, without becoming their hand within our network (SSRF).
//!
//! There is one rule, "no address that is not public", and it holds for the address that is dialled, not for the URL: a
//! name is resolved once, its addresses are checked, and those are dialled. Redirects are followed here, each checked like
//! the first URL. Operators allow inner hosts by `egress.allow`. Nothing is sent along: no credentials, no cookies, no
//! referrer, and no proxy of the environment is used. Bytes, time and redirects are bounded.
//!
//! Whoever named the URL learns whether it could be had, and nothing of what answered within our network: a name that
//! there is not, one that leads inside, and an inner address are the same error.
//!
//! - [`client`]: fetches. - [`names`]: resolves names, and guards what is dialled. - [`address`]: which addresses are public.

mod address;
mod client;
mod fetch_error;
mod names;

pub use client::{Egress, Fetched};
pub use fetch_error::{FetchError, OpenError, REDIRECTS};
pub use names::{Names, System};
