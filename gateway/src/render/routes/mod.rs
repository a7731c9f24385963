//! Operations on renders and templates, one file each.

pub mod render;
pub mod render_file;
pub mod render_link;
pub mod renders;
pub mod template_package;
pub mod template_preview;
pub mod templates;
