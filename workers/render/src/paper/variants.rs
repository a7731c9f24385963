//! Computes the pages that differ from the others: named ones, the first, left and right ones.

use typst::{
    foundations::{Smart, Styles},
    layout::{Length, Margin as PageMargin, PageElem, Rel, Sides as TypstSides},
    text::TextElem,
};

use super::{PAPER, inset, shrink_margins, text_area};
use crate::{
    Warnings,
    content::{NamedPage, length, paint},
    css::{self, Page, PageVariant, Pages, Style},
    fonts::Fonts,
    templates::Defaults,
};

/// Differences of less are none, in points.
const SAME: f64 = 0.01;

/// The document's other inputs.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The styles of `html` and `body`.
    pub styles: [Option<&'a Style>; 2],
    pub defaults: &'a Defaults,
    pub fonts: &'a Fonts,
}

/// A page with what a variant changes.
fn changed(page: &Page, variant: &PageVariant) -> Page {
    let (width, height) = page.size.unwrap_or(PAPER);
    let turned = variant.is_landscape.map(|is_landscape| match is_landscape == (width > height) {
        true => (width, height),
        false => (height, width),
    });
    let css::Sides { top, right, bottom, left } = variant.margin;
    let own_sides = right.is_some() || left.is_some();
    Page {
        size: turned.or(variant.size).or(page.size),
        margin: css::Sides {
            top: top.or(page.margin.top),
            right: right.or(page.margin.right),
            bottom: bottom.or(page.margin.bottom),
            left: left.or(page.margin.left),
        },
        background: variant.background.or(page.background),
        is_mirrored: page.is_mirrored && !own_sides,
        ..Page::default()
    }
}

/// Typst's settings for these pages.
fn styles(page: &Page, name: Option<&str>, defaults: &Defaults) -> Styles {
    let mut styles = Styles::new();
    let (width, height) = page.size.unwrap_or(PAPER);
    let points = |points: f64| length(css::Length::Pt(points));
    styles.set(PageElem::width, Smart::Custom(points(width)));
    styles.set(PageElem::height, Smart::Custom(points(height)));
    let [top, right, bottom, left] = margins(page, defaults);
    let side = |side: f64| Some(Smart::Custom(Rel::<Length>::from(points(side))));
    let sides = TypstSides { left: side(left), top: side(top), right: side(right), bottom: side(bottom) };
    styles.set(PageElem::margin, Smart::Custom(PageMargin { sides, two_sided: Some(page.is_mirrored) }));
    if let Some(name) = name {
        if let Some(background) = page.background {
            styles.set(PageElem::fill, Smart::Custom(Some(paint(background))));
        }
        // ruche.typ reads the name there, to choose margin boxes: nothing else uses a page's supplement.
        styles.set(PageElem::supplement, Smart::Custom(Some(TextElem::packed(name))));
    }
    styles
}

/// Top, right, bottom, left, in points.
#[must_use]
pub fn margins(page: &Page, defaults: &Defaults) -> [f64; 4] {
    let [top, right, bottom, left] = defaults.margins();
    let css::Sides { top: own_top, right: own_right, bottom: own_bottom, left: own_left } = page.margin;
    [own_top.unwrap_or(top), own_right.unwrap_or(right), own_bottom.unwrap_or(bottom), own_left.unwrap_or(left)]
}

/// The named pages, and their margins by name. `page` is without the boxes of `html` and `body`.
pub fn named(page: &Page, around: Around<'_>, warnings: &mut Warnings) -> Vec<(NamedPage, [f64; 4])> {
    let Around { styles: boxes, defaults, fonts } = around;
    let of_name = |variant: &&PageVariant| variant.selector.name.is_some() && variant.selector.pages == Pages::All;
    let named = page.variants.iter().filter(of_name).map(|variant| {
        let mut own = changed(page, variant);
        inset(&mut own, boxes, defaults);
        shrink_margins(&mut own, defaults, warnings);
        let area = text_area(&own, boxes[1], defaults, fonts);
        let name = variant.selector.name.clone().unwrap_or_default();
        let styles = styles(&own, Some(&name), defaults);
        (NamedPage { name, width: area.width, height: area.height, styles }, margins(&own, defaults))
    });
    named.collect()
}

/// What is different on the first page.
#[derive(Debug, Clone, Default)]
pub struct First {
    /// More above and below the text than on other pages, in points; may be negative above.
    pub more: (f64, f64),
    /// Settings that need the first page to end with a page break.
    pub styles: Option<Styles>,
}

/// `ends`: whether the template begins with the text, and the text has a page break.
pub fn first(page: &Page, ends: bool, around: Around<'_>, warnings: &mut Warnings) -> First {
    let Some(variant) = page.variant(Pages::First) else { return First::default() };
    let Around { styles: boxes, defaults, .. } = around;
    let mut own = changed(page, variant);
    let [top, right, bottom, left] = margins(page, defaults);
    let [own_top, own_right, own_bottom, own_left] = margins(&own, defaults);
    let differs = |one: f64, other: f64| (one - other).abs() > SAME;
    let is_same_size = own.size.unwrap_or(PAPER) == page.size.unwrap_or(PAPER);
    if is_same_size && !differs(own_right, right) && !differs(own_left, left) && own_bottom >= bottom {
        return First { more: (own_top - top, own_bottom - bottom), styles: None };
    }
    if ends {
        inset(&mut own, boxes, defaults);
        shrink_margins(&mut own, defaults, warnings);
        return First { more: (0.0, 0.0), styles: Some(styles(&own, None, defaults)) };
    }
    let message = "`@page :first` has only its margin above, and a greater one below: the text goes on to the next \
                   page with the same width. End the first page with a page break (`break-after: page`), and use the \
                   template plain without a table of contents";
    warnings.add(&variant.source, variant.line, message);
    First { more: (own_top - top, (own_bottom - bottom).max(0.0)), styles: None }
}

/// Gives left and right pages their margins, where these mirror each other: a text has one width on all pages.
pub fn mirror(page: &mut Page, defaults: &Defaults, warnings: &mut Warnings) {
    let (left, right) = (page.variant(Pages::Left), page.variant(Pages::Right));
    let of = |variant: Option<&PageVariant>| variant.map_or_else(|| page.clone(), |variant| changed(page, variant));
    let (left_page, right_page) = (margins(&of(left), defaults), margins(&of(right), defaults));
    let (inner, outer) = (left_page[1].max(right_page[3]), left_page[3].max(right_page[1]));
    let is_same = |one: f64, other: f64| (one - other).abs() < SAME;
    let usual = margins(page, defaults);
    let upright = [left_page, right_page].iter().all(|page| is_same(page[0], usual[0]) && is_same(page[2], usual[2]));
    let sides = is_same(left_page[1], right_page[3]) && is_same(left_page[3], right_page[1]);
    let source = left.or(right).map(|variant| (variant.source.clone(), variant.line));
    let Some((source, line)) = source else { return };
    if !upright {
        let message = "margins above and below are the same on left and right pages; write them into `@page`";
        warnings.add(&source, line, message);
    }
    if !sides {
        let message = format!(
            "a text has the same width on left and right pages: {inner:.0} pt are the inner margin of both, {outer:.0} pt \
             the outer"
        );
        warnings.add(&source, line, message);
    }
    (page.margin.left, page.margin.right, page.is_mirrored) = (Some(inner), Some(outer), true);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirrored(css: &str) -> (Page, Vec<String>) {
        let mut warnings = Warnings::default();
        let sheet = css::Sheet::parse(css, "css", &mut warnings);
        let mut page = css::page(&[sheet], 10.0, &mut warnings);
        mirror(&mut page, &Defaults::default(), &mut warnings);
        (page, warnings.into_vec().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn left_and_right_pages_mirror_each_other() {
        let css = "@page :left { margin-left: 20pt; margin-right: 60pt } @page :right { margin-left: 60pt; margin-right: 20pt }";
        let (page, warnings) = mirrored(css);
        assert_eq!((page.margin.left, page.margin.right, page.is_mirrored), (Some(60.0), Some(20.0), true));
        assert!(warnings.is_empty(), "{warnings:?}");
    }

    #[test]
    fn widths_that_differ_are_reported() {
        let (page, warnings) = mirrored("@page { margin: 30pt }\n@page :left { margin-right: 50pt; margin-top: 1pt }");
        assert_eq!((page.margin.left, page.margin.right), (Some(50.0), Some(30.0)));
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings.iter().all(|warning| warning.starts_with("css:2:")), "{warnings:?}");
    }
}
