//! Child processes with bounds on memory and time, for what may run away.

#[cfg(feature = "embed")]
pub mod extractor;
#[cfg(feature = "render")]
pub mod typst;
