//! What the runtime and the handlers ask of the world, in their own words.

pub mod conversations;
pub mod ledger;
