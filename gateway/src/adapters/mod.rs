//! Where the gateway keeps things.

pub use ruche_store::{memory, postgres::gateway as postgres};
