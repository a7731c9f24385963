//! What the gateway asks of others. Each port has adapters in [`crate::adapters`] that pass one contract.

mod store;

pub use store::*;
