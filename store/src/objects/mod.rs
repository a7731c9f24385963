//! Keeps what is too large for a message: it goes to an object store, and the message carries a claim for it.
//!
//! [`Objects`] is the port, [`memory`] and [`store`] (files, S3) its adapters; both pass the suite in
//! `tests/contract/objects.rs`. [`Claims`] is what gateways and workers use: it makes claims of bytes and bytes of claims, and
//! has the bounds. What is read was verified: its length and its BLAKE3 hash are those of the claim.

mod claims;
pub mod memory;
mod port;
pub mod store;
mod verified;

pub use claims::{ClaimError, Claims};
pub use port::{ObjectError, Objects, Pieces};
pub use store::OpenError;
