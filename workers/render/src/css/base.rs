//! What lengths are relative to before any style is known.

/// What lengths are relative to, in points.
#[derive(Debug, Clone, Copy)]
pub struct Base {
    /// The document's font size.
    pub size: f64,
    /// The page's width and height between its margins.
    pub page: (f64, f64),
}

/// On paper of the size A4 without margins.
impl From<f64> for Base {
    fn from(size: f64) -> Self {
        Self { size, page: (595.28, 841.89) }
    }
}
