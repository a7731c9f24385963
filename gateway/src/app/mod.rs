//! The composition root: the only place that knows every feature.

pub mod openapi;
pub mod parts;
pub mod router;
