//! What the gateway asks of others. Each port has adapters in [`crate::adapters`] that pass one contract.

mod bots;
mod corpus;
mod documents;
pub mod migrations;
pub mod search;
mod store;

pub use bots::*;
pub use corpus::*;
pub use documents::*;
pub use migrations::Migrations;
pub use search::Search;
pub use store::*;
