//! Who does it: the workers.

#[cfg(feature = "chat")]
pub mod adapters;
#[cfg(feature = "chat")]
pub mod engine;
pub mod ports;
