//! What the ports are made of.

pub mod memory_ledger;
pub mod postgres;
