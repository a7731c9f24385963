//! The ports' adapters: [`postgres`] runs, [`memory`] makes tests fast. `tests/store.rs` holds both to one contract.

pub mod memory;
pub mod postgres;
