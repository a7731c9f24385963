//! Render: Markdown in, a PDF or pictures of its pages out.

mod handler;
mod pictures;
mod typesetter;

pub use handler::{RenderHandler, prepare};
pub use typesetter::{Options, TypesetError, Typesetter};

pub(super) const CHILDREN: &[crate::sandbox::Child] = &[typesetter::CHILD];
