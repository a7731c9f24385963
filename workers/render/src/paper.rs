//! Computes the area for the text from `@page`, the boxes of `html` and `body`, and the template.

pub mod variants;

use typst::utils::PicoStr;

use crate::{
    Warnings,
    content::TextArea,
    css::{Length, Margin, Page, Sides, Style},
    fonts::{Fonts, RulerFace},
    templates::Defaults,
};

/// The paper of the templates, in points: A4.
const PAPER: (f64, f64) = (595.28, 841.89);
/// The least width and height between margins, in points.
const MIN_SIDE: f64 = 30.0;

/// Adds the margins, paddings and widths of `html` and `body` to the page's margins at the left and right. Returns what
/// is above the first block and below the last, in points.
pub fn inset(page: &mut Page, styles: [Option<&Style>; 2], defaults: &Defaults) -> (f64, f64) {
    let (mut above, mut below) = (0.0, 0.0);
    let [_, right, _, left] = defaults.margins();
    for style in styles.into_iter().flatten() {
        let paper = page.size.unwrap_or(PAPER).0;
        let outer = (page.margin.left.unwrap_or(left), page.margin.right.unwrap_or(right));
        let whole = paper - outer.0 - outer.1;
        let points = |length: Length| match length {
            Length::Pt(points) => points,
            Length::Em(ems) => ems * style.font_size.unwrap_or(defaults.size),
            Length::Percent(percent) => percent / 100.0 * whole,
            Length::Sum(percent, points) => percent / 100.0 * whole + points,
        };
        let margin = |margin: Option<Margin>| match margin {
            Some(Margin::Length(length)) => points(length),
            Some(Margin::Auto) | None => 0.0,
        };
        let padding = |padding: Option<Length>| padding.map_or(0.0, points);
        let (mut before, mut after) = (margin(style.margin.left), margin(style.margin.right));
        let free = whole - before - after;
        let width = style.width.map_or(free, points).min(style.max_width.map_or(free, points)).min(free);
        let auto = |margin: Option<Margin>| margin == Some(Margin::Auto);
        match (auto(style.margin.left), auto(style.margin.right)) {
            (true, true) => (before, after) = (before + (free - width) / 2.0, after + (free - width) / 2.0),
            (true, false) => before += free - width,
            _ => after += free - width,
        }
        before += padding(style.padding.left);
        after += padding(style.padding.right);
        if before != 0.0 || after != 0.0 {
            page.margin.left = Some((outer.0 + before).max(0.0));
            page.margin.right = Some((outer.1 + after).max(0.0));
        }
        above += (margin(style.margin.top) + padding(style.padding.top)).max(0.0);
        below += (margin(style.margin.bottom) + padding(style.padding.bottom)).max(0.0);
    }
    (above, below)
}

/// Warns of what the body's box can't have, because pages divide it.
pub fn warn_of_body(style: Option<&Style>, warnings: &mut Warnings) {
    let Some(style) = style else { return };
    let Sides { top, right, bottom, left } = style.border;
    let has_border = [top, right, bottom, left].into_iter().flatten().any(|border| border.width > 0.0);
    let has_opacity = style.opacity.is_some_and(|opacity| opacity < 1.0);
    for (name, _) in [("border", has_border), ("opacity", has_opacity)].into_iter().filter(|(_, is_set)| *is_set) {
        let message = format!("`{name}` has no effect on the body: specify it for a `<div>` around the text");
        warnings.add("css", None, message);
    }
}

/// Shrinks margins that leave no width or height for the text.
pub fn shrink_margins(page: &mut Page, defaults: &Defaults, warnings: &mut Warnings) {
    let (width, height) = page.size.unwrap_or(PAPER);
    let [top, right, bottom, left] = defaults.margins();
    let margin = &mut page.margin;
    let mut narrow = false;
    for (size, one, other, defaults) in [
        (width, &mut margin.left, &mut margin.right, (left, right)),
        (height, &mut margin.top, &mut margin.bottom, (top, bottom)),
    ] {
        if size - one.unwrap_or(defaults.0) - other.unwrap_or(defaults.1) < MIN_SIDE {
            (*one, *other) = (Some(size / 10.0), Some(size / 10.0));
            narrow = true;
        }
    }
    if narrow {
        let message = "`@page`: the margins leave no room for text, so they were replaced by a tenth of the paper: specify \
                       smaller margins";
        warnings.add("css", None, message);
    }
}

/// The width and height between the margins, in points.
pub fn between_margins(page: &Page, defaults: &Defaults) -> (f64, f64) {
    let [top, right, bottom, left] = defaults.margins();
    let (width, height) = page.size.unwrap_or(PAPER);
    let margin = page.margin;
    (
        width - margin.left.unwrap_or(left) - margin.right.unwrap_or(right),
        height - margin.top.unwrap_or(top) - margin.bottom.unwrap_or(bottom),
    )
}

/// The area for the text, from CSS or the template.
pub fn text_area(page: &Page, style: Option<&Style>, defaults: &Defaults, fonts: &Fonts) -> TextArea {
    let size = style.and_then(|style| style.font_size).unwrap_or(defaults.size);
    let [_, right, _, left] = defaults.margins();
    let aside = (page.margin.left.unwrap_or(left), page.margin.right.unwrap_or(right));
    let (width, height) = between_margins(page, defaults);
    let columns = f64::from(style.and_then(|style| style.columns).unwrap_or(1).max(1));
    // Typst's gutter is 4 % of the width.
    let width = (width - 0.04 * width * (columns - 1.0)) / columns;
    let named = style.and_then(|style| style.font_family.iter().flatten().find_map(|name| fonts.family(name)));
    let family = PicoStr::intern(named.unwrap_or(defaults.family));
    let bold = style.and_then(|style| style.font_weight).is_some_and(|weight| weight >= 600);
    let (width, height) = (width.max(20.0), height.max(20.0));
    TextArea { width, height, aside, inset: (0.0, 0.0), from_right: false, size, face: RulerFace { family, bold } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(css: &str) -> Style {
        let mut warnings = Warnings::default();
        let html = scraper::Html::parse_document("<body>x");
        let sheet = crate::css::Sheet::parse(css, "css", &mut warnings);
        let styles = crate::css::cascade(&html, &[sheet], 10.0, &mut warnings);
        let body = html.select(&scraper::Selector::parse("body").unwrap()).next().unwrap().id();
        styles.of(body).cloned().unwrap_or_default()
    }

    fn margins(css: &str) -> (f64, f64, (f64, f64)) {
        let mut page = Page { size: Some((600.0, 800.0)), ..Page::default() };
        (page.margin.left, page.margin.right) = (Some(50.0), Some(50.0));
        let inset = inset(&mut page, [None, Some(&style(css))], &Defaults::default());
        (page.margin.left.unwrap(), page.margin.right.unwrap(), inset)
    }

    #[test]
    fn the_bodys_box_is_on_the_page() {
        assert_eq!(margins("body { margin: 0 }"), (50.0, 50.0, (0.0, 0.0)));
        assert_eq!(margins("body { margin: 10pt 20pt }"), (70.0, 70.0, (10.0, 10.0)));
        assert_eq!(margins("body { padding: 1em; margin: 0 10% }"), (110.0, 110.0, (10.0, 10.0)));
        assert_eq!(margins("body { max-width: 300pt; margin: 0 auto }"), (150.0, 150.0, (0.0, 0.0)));
        assert_eq!(margins("body { width: 300pt }"), (50.0, 250.0, (0.0, 0.0)));
        assert_eq!(margins("body { max-width: 900pt; margin: auto }"), (50.0, 50.0, (0.0, 0.0)));
    }
}
