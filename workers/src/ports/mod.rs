//! What the runtime and the handlers ask of the world, in their own words.
//!
//! Each file is one port. Nothing here names a library, so that a fake is enough to test what stands on it.

pub use ruche_store::{conversations, documents as corpus, indexes, ledger, templates};
