//! What the ports are made of: one folder or file a library.

pub mod memory_ledger;
pub mod memory_templates;
pub mod postgres;
