//! Claim checks: a payload too large for a message goes to an object store ([`Objects`] with the adapters [`memory`]
//! and [`store`] for files and S3), and the message carries a claim. [`Claims`] makes and reads claims within the
//! size limits. Every read verifies length and BLAKE3 hash. The suite `tests/contract/objects.rs` checks all
//! adapters.

mod claims;
pub mod memory;
mod port;
pub mod store;
mod verified;

pub use claims::{ClaimError, Claims};
pub use port::{ObjectError, Objects, Pieces};
pub use store::OpenError;
