//! The kinds of job: one file each declares its input, its output and what its workers need.
//!
//! A new kind is a file here, its `mod` line and its row in [`all`].

pub use crate::{
    descriptor::Descriptor,
    job::{Job, read},
};

pub mod chat;
pub mod embed;
pub mod render;
pub mod rerank;

/// Ruche's own kinds, in the order of lists and documents.
#[must_use]
pub fn all() -> Vec<Descriptor> {
    vec![
        Descriptor::of::<chat::Chat>(),
        Descriptor::of::<embed::Embed>(),
        Descriptor::of::<render::Render>(),
        Descriptor::of::<rerank::Rerank>(),
    ]
}
