//! What the runtime and the handlers ask of the world, in their own words.
//!
//! Each file is one port. Nothing here names a library, so that a fake is enough to test what stands on it.

pub mod conversations;
pub mod corpus;
pub mod indexes;
pub mod ledger;
pub mod templates;
