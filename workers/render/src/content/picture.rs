//! Typesets pictures: attached, in data URLs, fetched, inline SVG. A missing one becomes a box with its name.

use std::{collections::HashMap, sync::Arc};

use percent_encoding::percent_decode_str;
use scraper::ElementRef;
use typst::{
    foundations::{Content, NativeElement, Smart},
    layout::{Abs, Alignment, BlockBody, BlockElem, BoxElem, Length, Rel, Sides, Sizing},
    text::TextElem,
    visualize::{Color, ImageFit, Paint, Stroke},
};

use super::{Place, Typesetter, box_style, boxes, fit, lengths};
use crate::{
    css::{self, Float, Margin, ObjectFit, Style},
    images::{self, Picture},
    ink,
};

/// CSS's pixels are 96 to the inch, points 72.
const PIXEL: f64 = 0.75;

/// The height of a heading with its margins, in points.
const HEADING: f64 = 44.0;

#[derive(Debug, Default)]
pub struct Pictures {
    found: HashMap<String, Result<Arc<Picture>, String>>,
}

impl Pictures {
    pub fn add(&mut self, name: &str, data: Result<Vec<u8>, String>) {
        let picture = data.and_then(|data| images::picture(data).map(Arc::new).map_err(|error| error.to_string()));
        self.found.insert(name.to_owned(), picture);
    }

    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.found.contains_key(name)
    }

    fn get(&self, src: &str) -> Result<Arc<Picture>, String> {
        if src.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:")) {
            let data = images::data_url(src).map_err(|error| error.to_string())?;
            return images::picture(data).map(Arc::new).map_err(|error| error.to_string());
        }
        match self.found.get(src).or_else(|| self.found.get(&file_name(src))) {
            Some(found) => found.clone(),
            None => Err("there is no such file: attach it under this name".to_owned()),
        }
    }
}

/// The attached file that a `src` names. Leading `/` and `..` are dropped: attached files have none.
#[must_use]
pub fn file_name(src: &str) -> String {
    let path = src.split(['?', '#']).next().unwrap_or_default();
    let path = percent_decode_str(path).decode_utf8_lossy();
    let mut name: &str = &path;
    while let Some(rest) = ["./", "../", "/"].iter().find_map(|step| name.strip_prefix(step)) {
        name = rest;
    }
    name.to_owned()
}

impl Typesetter<'_> {
    /// `<img>`. In a line it is in a box no wider than the line.
    pub(super) fn picture(&self, element: ElementRef<'_>, place: Place, in_line: bool) -> Option<Content> {
        let src = element.attr("src").or_else(|| element.attr("srcset")?.split_whitespace().next()).unwrap_or_default();
        let alt = element.attr("alt");
        match self.pictures.get(src.trim()) {
            Ok(picture) => {
                for note in &picture.notes {
                    self.warn(*element, format!("the picture {}: {note}", shown(src)));
                }
                Some(self.sized(&picture, alt, element, place, in_line))
            }
            Err(error) => {
                self.warn(*element, format!("the picture {} is not shown: {error}", shown(src)));
                let label =
                    alt.map(str::trim).filter(|alt| !alt.is_empty()).map_or_else(|| file_name(src), str::to_owned);
                Some(missing(&label, in_line))
            }
        }
    }

    /// A picture in a block of its own, with its margins to the left and right.
    pub(super) fn block_picture(&self, element: ElementRef<'_>, place: Place) -> Option<Content> {
        let picture = self.picture(element, place, false)?;
        let style = self.style(element);
        let old = element.attr("align").map(str::to_ascii_lowercase);
        let picture = match style {
            Some(style) => boxes::with_side_margins(picture, style, place, None),
            None => picture,
        };
        Some(match (style, old.as_deref()) {
            (Some(style), _) if style.margin.left == Some(Margin::Auto) => match style.margin.right {
                Some(Margin::Auto) => picture.aligned(Alignment::CENTER),
                _ => picture.aligned(Alignment::RIGHT),
            },
            (Some(style), _) if style.row.float == Some(Float::Right) => picture.aligned(Alignment::RIGHT),
            (_, Some("center")) => picture.aligned(Alignment::CENTER),
            (_, Some("right")) => picture.aligned(Alignment::RIGHT),
            _ => picture,
        })
    }

    pub(super) fn drawing(&self, element: ElementRef<'_>, place: Place, in_line: bool) -> Option<Content> {
        let mut svg = element.html();
        if !svg.contains("xmlns=") {
            svg = svg.replacen("<svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"", 1);
        }
        match images::picture(svg.into_bytes()) {
            Ok(picture) => Some(self.sized(&picture, element.attr("aria-label"), element, place, in_line)),
            Err(error) => {
                self.warn(*element, format!("the drawing is not shown: {error}"));
                None
            }
        }
    }

    pub(super) fn drawn(&self, svg: Vec<u8>, alt: Option<&str>, place: Place) -> Result<Content, String> {
        let picture = images::picture(svg).map_err(|error| error.to_string())?;
        let (width, height) = (picture.width * PIXEL, picture.height * PIXEL);
        let scale = (place.width / width).min(height_limit(place) / height).min(1.0);
        let image = picture.element().with_width(Smart::Custom(lengths::pt(width * scale).into()));
        Ok(image.with_alt(alt.map(Into::into)).pack().spanned(ink::span(place.line)))
    }

    /// The width of `<img>` or `<svg>`, in points.
    pub(super) fn picture_width(&self, element: ElementRef<'_>, place: Place) -> f64 {
        let src = element.attr("src").unwrap_or_default();
        match self.pictures.get(src.trim()) {
            Ok(picture) => size(&picture, element, self.style(element), place).0,
            Err(_) => 4.0 * place.size,
        }
    }

    pub(super) fn picture_height(&self, element: ElementRef<'_>, place: Place) -> f64 {
        let src = element.attr("src").unwrap_or_default();
        match self.pictures.get(src.trim()) {
            Ok(picture) => size(&picture, element, self.style(element), place).1,
            Err(_) => LINE * place.size,
        }
    }

    fn sized(
        &self,
        picture: &Picture,
        alt: Option<&str>,
        element: ElementRef<'_>,
        place: Place,
        in_line: bool,
    ) -> Content {
        let style = self.style(element);
        let (width, height, fit) = size(picture, element, style, place);
        let image = picture
            .element()
            .with_width(Smart::Custom(lengths::pt(width).into()))
            .with_height(Sizing::Rel(lengths::pt(height).into()))
            .with_fit(fit)
            .with_alt(alt.map(Into::into))
            .pack()
            .spanned(ink::span(place.line));
        let image = match style {
            Some(style) => boxes::framed(image, style, place),
            None => image,
        };
        let image = match style.and_then(box_style::opacity) {
            Some(opacity) => fit::faded(image, opacity),
            None => image,
        };
        match in_line {
            true => {
                let baseline = style.map(boxes::baseline).unwrap_or_default();
                BoxElem::new().with_body(Some(image)).with_baseline(baseline).pack()
            }
            false => image,
        }
    }
}

/// The largest height of a picture, in points: a heading fits above it on the page.
/// The height of the box of a missing picture, in font sizes.
const LINE: f64 = 2.0;

fn height_limit(place: Place) -> f64 {
    (place.height - HEADING).max(place.height / 2.0).max(1.0)
}

/// A size in an attribute: `100`, `50%`, `100px`, `3cm`.
pub(super) fn attribute(element: ElementRef<'_>, name: &str) -> Option<css::Length> {
    let text = element.attr(name)?.trim();
    match text.parse::<f64>() {
        Ok(pixels) => Some(css::Length::Pt(pixels * PIXEL)),
        Err(_) => css::length(text),
    }
}

/// Width and height in points, and how the picture fills them: from CSS, from attributes, or its own; never larger
/// than the space for it.
fn size(picture: &Picture, element: ElementRef<'_>, style: Option<&Style>, place: Place) -> (f64, f64, ImageFit) {
    let ratio = picture.height / picture.width.max(1e-6);
    let nothing = Style::default();
    let style = style.unwrap_or(&nothing);
    let around = Place { width: place.whole.unwrap_or(place.width), ..place };
    let points =
        |length| Some(lengths::points(length, style, around)).filter(|points| points.is_finite() && *points > 0.0);
    // Of a height that depends on the content, CSS takes no percentage.
    let upright = |length| match length {
        length if lengths::is_relative(length) => None,
        length => points(length),
    };
    let wide = style.width.or_else(|| attribute(element, "width")).and_then(points);
    let tall = style.height.or_else(|| attribute(element, "height")).and_then(upright);
    let natural = picture.width * 72.0 / picture.dpi.filter(|dpi| *dpi >= 1.0).unwrap_or(96.0);
    let (mut width, mut height) = match (wide, tall) {
        (Some(width), Some(height)) => (width, height),
        (Some(width), None) => (width, width * ratio),
        (None, Some(height)) => (height / ratio.max(1e-6), height),
        (None, None) => (natural, natural * ratio),
    };
    let frame = lengths::frame_width(style, place);
    let (available_width, available_height) = ((place.width - frame).max(1.0), height_limit(place));
    let max_width = style.max_width.and_then(points).unwrap_or(f64::INFINITY);
    let max_height = style.max_height.and_then(upright).unwrap_or(f64::INFINITY);
    let scale = (available_width.min(max_width) / width).min(available_height.min(max_height) / height).min(1.0);
    match (wide, tall) {
        // With both specified, each bound holds for its own side, but nothing leaves the page.
        (Some(_), Some(_)) if matches!(style.object_fit, Some(ObjectFit::Cover | ObjectFit::Contain)) => {
            width = width.min(max_width).min(available_width);
            height = height.min(max_height).min(available_height);
        }
        (Some(_), Some(_)) => {
            (width, height) = (width.min(max_width), height.min(max_height));
            let scale = (available_width / width).min(available_height / height).min(1.0);
            (width, height) = (width * scale, height * scale);
        }
        _ => (width, height) = (width * scale, height * scale),
    }
    let fit = match style.object_fit {
        Some(ObjectFit::Contain) => ImageFit::Contain,
        Some(ObjectFit::Cover) => ImageFit::Cover,
        Some(ObjectFit::Fill) | None => ImageFit::Stretch,
    };
    (width, height, fit)
}

fn missing(label: &str, in_line: bool) -> Content {
    let grey = Paint::Solid(Color::from_u8(120, 120, 120, 255));
    let label: String = label.chars().take(120).collect();
    let text = TextElem::packed(label).set(TextElem::fill, grey.clone());
    let stroke = Stroke::from_pair(grey, Abs::pt(0.5).into());
    let inset: Sides<Option<Rel<Length>>> = Sides::splat(Some(lengths::pt(3.0).into()));
    match in_line {
        true => {
            BoxElem::new().with_body(Some(text)).with_stroke(Sides::splat(Some(Some(stroke)))).with_inset(inset).pack()
        }
        false => BlockElem::new()
            .with_body(Some(BlockBody::Content(text)))
            .with_stroke(Sides::splat(Some(Some(stroke))))
            .with_inset(inset)
            .pack(),
    }
}

fn shown(src: &str) -> String {
    let cut: String = src.chars().take(60).collect();
    format!("{cut:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_src_names_the_attached_file_from_wherever_its_text_lies() {
        for src in ["img/a b.png", "./img/a%20b.png", "../img/a b.png", "../../img/a%20b.png?x#y", "/img/a b.png"] {
            assert_eq!(file_name(src), "img/a b.png", "{src}");
        }
        for src in ["", ".", "..", "../", "#x"] {
            assert!(!file_name(src).contains('/'), "{src}");
        }
    }
}
