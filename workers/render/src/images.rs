//! Checks received pictures: format, size, and whether they can be drawn.
//!
//! The first bytes decide the format, never the name. Everything is bounded before it is decoded: pixels of a raster;
//! bytes, depth and repeated parts of an SVG. An SVG loads nothing: external references are removed.

mod svg;

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::ImageReader;
use typst::foundations::{Bytes, Content, Derived, NativeElement, Smart};
use typst::loading::{DataSource, LoadSource, Loaded};
use typst::syntax::{Span, Spanned};
use typst::visualize::{ExchangeFormat, Image, ImageElem, ImageFormat, RasterImage, VectorFormat};

/// In bytes, of a file.
pub const MAX_BYTES: usize = 32 << 20;

/// Of a raster.
pub const MAX_PIXELS: u64 = 100_000_000;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    #[error("the file is empty")]
    Empty,
    #[error("it is {0}; PNG, JPEG, GIF, WebP and SVG can be drawn")]
    Kind(&'static str),
    #[error("it is not an image; PNG, JPEG, GIF, WebP and SVG can be drawn")]
    Unknown,
    /// Over [`MAX_BYTES`], or the bound for SVG.
    #[error("it has {0} bytes, more than the {1} that are taken")]
    TooLarge(usize, usize),
    /// Over [`MAX_PIXELS`].
    #[error("it is {0} x {1} pixels, more than the {MAX_PIXELS} that are drawn")]
    TooManyPixels(u32, u32),
    #[error("it is broken: {0}")]
    Broken(String),
    #[error("the SVG is too complex: {0}")]
    Complex(&'static str),
    #[error("the data URL is broken: {0}")]
    DataUrl(&'static str),
}

#[derive(Debug, Clone)]
pub struct Picture {
    /// The file; for SVG without external references.
    pub data: Bytes,
    pub format: ImageFormat,
    /// In pixels.
    pub width: f64,
    /// In pixels.
    pub height: f64,
    /// Pixels per inch, if the file has it.
    pub dpi: Option<f64>,
    /// What was removed, for warnings.
    pub notes: Vec<String>,
}

impl Picture {
    /// Size and alternative text are still to be set.
    #[must_use]
    pub fn element(&self) -> ImageElem {
        let source = Spanned::new(LoadSource::Bytes, Span::detached());
        let loaded = Loaded::new(source, self.data.clone());
        let mut element = ImageElem::new(Derived::new(DataSource::Bytes(self.data.clone()), loaded));
        element.format.set(Smart::Custom(self.format));
        element
    }

    #[must_use]
    pub fn content(&self, alt: Option<&str>) -> Content {
        self.element().with_alt(alt.map(Into::into)).pack()
    }
}

/// Checks and decodes a file.
///
/// # Errors
/// [`ImageError`] says what it is instead, or what is wrong with it.
pub fn picture(data: Vec<u8>) -> Result<Picture, ImageError> {
    if data.is_empty() {
        return Err(ImageError::Empty);
    }
    if data.len() > MAX_BYTES {
        return Err(ImageError::TooLarge(data.len(), MAX_BYTES));
    }
    if let Some(format) = ExchangeFormat::detect(&data) {
        return raster(data, format);
    }
    if let Some(other) = other(&data) {
        return Err(ImageError::Kind(other));
    }
    if svg::looks_like(&data) { svg::picture(data) } else { Err(ImageError::Unknown) }
}

/// The bytes of a `data:` URL.
///
/// # Errors
/// When it isn't one, or has more than [`MAX_BYTES`].
pub fn data_url(url: &str) -> Result<Vec<u8>, ImageError> {
    let url = data_url::DataUrl::process(url).map_err(|error| match error {
        data_url::DataUrlError::NotADataUrl => ImageError::DataUrl("it does not begin with data:"),
        data_url::DataUrlError::NoComma => ImageError::DataUrl("there is no comma before the data"),
    })?;
    let mut body = Vec::new();
    let read = url.decode(|bytes| {
        let fits = body.len() + bytes.len() <= MAX_BYTES;
        if fits {
            body.extend_from_slice(bytes);
        }
        if fits { Ok(()) } else { Err(()) }
    });
    match read {
        Ok(_) => Ok(body),
        Err(data_url::forgiving_base64::DecodeError::WriteError(())) => {
            Err(ImageError::TooLarge(body.len() + 1, MAX_BYTES))
        }
        Err(data_url::forgiving_base64::DecodeError::InvalidBase64(_)) => {
            Err(ImageError::DataUrl("its base64 is not valid"))
        }
    }
}

/// Reads the size before the pixels: a small file can have very many.
fn raster(data: Vec<u8>, format: ExchangeFormat) -> Result<Picture, ImageError> {
    let broken = |error: &dyn std::fmt::Display| ImageError::Broken(error.to_string());
    check_pixels(&data, format)?;
    let data = Bytes::new(data);
    // The decoders are foreign and read untrusted input: catch their panics. The decoded image is kept for the page.
    let decoded = catch_unwind(AssertUnwindSafe(|| RasterImage::plain(data.clone(), format)))
        .map_err(|_| ImageError::Broken("it could not be decoded".to_owned()))?
        .map_err(|error| broken(&error))?;
    let (width, height) = (f64::from(decoded.width()), f64::from(decoded.height()));
    Ok(Picture { data, format: format.into(), width, height, dpi: decoded.dpi(), notes: Vec::new() })
}

fn check_pixels(data: &[u8], format: ExchangeFormat) -> Result<(), ImageError> {
    let dimensions = catch_unwind(|| ImageReader::with_format(Cursor::new(data), format.into()).into_dimensions());
    let (width, height) = dimensions
        .map_err(|_| ImageError::Broken("its size could not be read".to_owned()))?
        .map_err(|error| ImageError::Broken(error.to_string()))?;
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(ImageError::TooManyPixels(width, height));
    }
    if width == 0 || height == 0 {
        return Err(ImageError::Broken("it has no pixels".to_owned()));
    }
    Ok(())
}

fn other(data: &[u8]) -> Option<&'static str> {
    let brand = data.get(4..12).unwrap_or_default();
    Some(match data {
        [0x1f, 0x8b, ..] => "compressed (perhaps SVGZ: attach the SVG itself)",
        [b'B', b'M', ..] => "a BMP",
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => "a TIFF",
        [0, 0, 1, 0, ..] => "an icon (ICO)",
        [0xff, 0x0a, ..] | [0, 0, 0, 0xc, b'J', b'X', b'L', b' ', ..] => "a JPEG XL",
        _ if data.starts_with(b"%PDF-") => "a PDF",
        _ if data.starts_with(b"8BPS") => "a Photoshop file",
        _ if brand == b"ftypavif" || brand == b"ftypavis" => "an AVIF",
        _ if brand.starts_with(b"ftyphei") || brand.starts_with(b"ftypmif1") => "a HEIC",
        _ if brand.starts_with(b"ftyp") => "a video",
        _ => return None,
    })
}

/// For an SVG without a size.
fn vector(data: Bytes, width: f64, height: f64, notes: Vec<String>) -> Picture {
    Picture { data, format: VectorFormat::Svg.into(), width, height, dpi: Some(Image::USVG_DEFAULT_DPI), notes }
}

#[cfg(test)]
mod tests;
