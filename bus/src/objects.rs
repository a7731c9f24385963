//! Moved to `ruche_store::objects`.

pub use ruche_store::objects::*;
