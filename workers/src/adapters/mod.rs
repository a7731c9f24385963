//! What the ports are made of: one folder or file a library.

pub use ruche_store::{
    memory::{ledger as memory_ledger, templates as memory_templates},
    postgres,
};
