//! Pictures: attached, in data URLs, fetched, inline SVG. A missing one becomes a box with its name.

use std::{collections::HashMap, sync::Arc};

use percent_encoding::percent_decode_str;
use scraper::ElementRef;
use typst::{
    foundations::{Content, NativeElement, Smart},
    layout::{Abs, BlockBody, BlockElem, BoxElem, Length, Ratio, Rel, Sides},
    text::TextElem,
    visualize::{Color, Paint, Stroke},
};

use super::{Place, Typesetter, look};
use crate::{
    css::{self, Style},
    images::{self, Picture},
};

/// CSS's pixels are 96 to the inch, points 72.
const PIXEL: f64 = 0.75;

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
    /// `<img>`. In a line it stands in a box no wider than the line.
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
        let natural = picture.width * PIXEL;
        let width: Rel<Length> = if natural > place.width { Ratio::one().into() } else { look::pt(natural).into() };
        Ok(picture.element().with_width(Smart::Custom(width)).with_alt(alt.map(Into::into)).pack())
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
        let (width, height) = size(picture, element, style, place);
        let mut image = picture.element().with_width(Smart::Custom(width)).with_alt(alt.map(Into::into));
        if let Some(height) = height {
            image = image.with_height(typst::layout::Sizing::Rel(height));
        }
        match in_line {
            true => BoxElem::new().with_body(Some(image.pack())).pack(),
            false => image.pack(),
        }
    }
}

/// The size from CSS, from attributes, or the picture's own; never wider than its place.
fn size(
    picture: &Picture,
    element: ElementRef<'_>,
    style: Option<&Style>,
    place: Place,
) -> (Rel<Length>, Option<Rel<Length>>) {
    let ratio = picture.height / picture.width.max(1e-6);
    let points = |length: css::Length| match length {
        css::Length::Pt(points) => points,
        css::Length::Em(ems) => ems * place.size,
        css::Length::Percent(percent) => percent / 100.0 * place.width,
    };
    let attribute = |name: &str| {
        let text = element.attr(name)?.trim();
        match text.strip_suffix('%') {
            Some(percent) => percent.trim().parse().ok().map(css::Length::Percent),
            None => text.trim_end_matches("px").parse().ok().map(|pixels: f64| css::Length::Pt(pixels * PIXEL)),
        }
    };
    let said = style.and_then(|style| style.width).or_else(|| attribute("width")).map(points);
    let tall = style.and_then(|style| style.height).or_else(|| attribute("height")).map(points);
    let tall = tall.filter(|tall| tall.is_finite() && *tall > 0.0);
    let natural = picture.width * 72.0 / picture.dpi.filter(|dpi| *dpi >= 1.0).unwrap_or(96.0);
    let width = said.filter(|width| width.is_finite() && *width > 0.0);
    let width = width.unwrap_or_else(|| tall.map_or(natural, |tall| tall / ratio.max(1e-6)));
    let width = match style.and_then(|style| style.max_width).map(points) {
        Some(max) if max > 0.0 => width.min(max),
        _ => width,
    };
    // Keep the aspect ratio of a picture that is too wide.
    match width >= place.width {
        true => (Ratio::one().into(), None),
        false => (look::pt(width).into(), tall.filter(|_| said.is_some()).map(|tall| look::pt(tall).into())),
    }
}

fn missing(label: &str, in_line: bool) -> Content {
    let grey = Paint::Solid(Color::from_u8(120, 120, 120, 255));
    let label: String = label.chars().take(120).collect();
    let text = TextElem::packed(label).set(TextElem::fill, grey.clone());
    let stroke = Stroke::from_pair(grey, Abs::pt(0.5).into());
    let inset: Sides<Option<Rel<Length>>> = Sides::splat(Some(look::pt(3.0).into()));
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
