//! Typesets `<dl>`: terms above their descriptions, or beside them.

use scraper::ElementRef;
use typst::{
    foundations::{Content, NativeElement, Packed, Smart},
    layout::{
        AlignElem, Alignment, BlockBody, BlockElem, Fr, GridCell, GridChild, GridElem, GridItem, Sizing, TrackSizings,
    },
    model::{ParElem, ParbreakElem, StrongElem, TermItem, TermsElem},
    text::LinebreakElem,
};

use super::{packed, spaced};
use crate::{
    content::{Place, Typesetter, boxes, generated::filling, lengths, row, text_style},
    css::{Align, Float, Margin, Style},
};

/// What the terms leave to the descriptions beside them, as a part of the width.
const DESCRIPTIONS: f64 = 0.25;

/// Terms, and their descriptions.
#[derive(Default)]
struct Group {
    terms: Vec<Content>,
    texts: Vec<Content>,
    /// Of terms beside their descriptions.
    align: Option<Alignment>,
    /// The width of such terms, in points.
    width: Option<f64>,
}

impl Typesetter<'_> {
    /// `<dl>`: each group of terms with its descriptions.
    pub(in crate::content) fn descriptions(&self, element: ElementRef<'_>, place: Place) -> Content {
        let inner = Place { boxed: true, blocks: place.blocks + 1, spans: 0, ..place };
        let parts = element.child_elements().flat_map(|child| match child.value().name() {
            "div" => child.child_elements().collect::<Vec<_>>(),
            _ => vec![child],
        });
        let parts: Vec<ElementRef<'_>> = parts.filter(|part| !self.is_hidden(*part)).collect();
        let beside = self.width_of_terms(&parts, inner);
        let texts_in = Place { width: place.width - beside.unwrap_or(0.0), ..inner };
        let mut groups: Vec<Group> = vec![Group::default()];
        let mut tight = true;
        for part in &parts {
            let is_term = is_term(*part);
            if is_term && groups.last().is_some_and(|group| !group.texts.is_empty()) {
                groups.push(Group::default());
            }
            tight &= !part.child_elements().any(|child| child.value().name() == "p");
            let content = self.part_of_group(*part, if is_term { inner } else { texts_in }, beside.is_some());
            if let Some(group) = groups.last_mut() {
                match is_term {
                    true => {
                        if let Some(style) = self.style(*part) {
                            group.align = group.align.or_else(|| text_style::alignment(style));
                            let outer = |width| lengths::outer_width(width, style, inner);
                            group.width = group.width.or_else(|| style.width.map(outer));
                        }
                        group.terms.push(content);
                    }
                    false => group.texts.push(content),
                }
            }
        }
        groups.retain(|group| !(group.terms.is_empty() && group.texts.is_empty()));
        let list = match beside {
            Some(width) => in_columns(groups, width),
            None => TermsElem::new(groups.into_iter().flat_map(items).collect()).with_tight(tight).pack(),
        };
        spaced(element, list)
    }

    fn part_of_group(&self, part: ElementRef<'_>, around: Place, is_beside: bool) -> Content {
        let style = self.style(part);
        let place = self.within(part, around, style);
        let content = match is_term(part) {
            true if style.is_some_and(row::has_items) => self.inside(part, place),
            true => self.generated_line(part, place),
            false => self.inside(part, place),
        };
        let content = self.anchored(part, content);
        let Some(style) = style else { return content };
        let is_aligned = matches!(style.text_align, Some(Align::Center | Align::Right));
        let content = if is_aligned && !is_term(part) { filling(content) } else { content };
        let content = match is_term(part) {
            true => content,
            // The column is its margin.
            false if is_beside => {
                let mut own = style.clone();
                own.margin.left = None;
                boxes::block(content, &own, around)
            }
            false => boxes::block(content, style, around),
        };
        // A term is a part of a line.
        content.styled_with_map(match is_term(part) {
            true => text_style::inline_styles(style, place, self.fonts),
            false => text_style::styles(style, place, self.fonts),
        })
    }

    /// The width of the terms where all of them float beside their descriptions, in points: the margin of the first
    /// description, or the width of the first term.
    fn width_of_terms(&self, parts: &[ElementRef<'_>], place: Place) -> Option<f64> {
        let float = |part: &ElementRef<'_>| self.style(*part).and_then(|style| style.row.float);
        let mut terms = parts.iter().filter(|part| is_term(**part)).peekable();
        let term = self.style(**terms.peek()?)?;
        if !terms.all(|part| float(part) == Some(Float::Left)) {
            return None;
        }
        let margin = |style: &Style| match style.margin.left? {
            Margin::Length(length) => Some(lengths::points(length, style, place)).filter(|points| *points > 0.0),
            Margin::Auto => None,
        };
        let text = parts.iter().find(|part| !is_term(**part)).and_then(|part| self.style(*part));
        let width = text.and_then(margin).or_else(|| Some(lengths::outer_width(term.width?, term, place)))?;
        (width <= place.width * (1.0 - DESCRIPTIONS)).then_some(width)
    }
}

fn is_term(part: ElementRef<'_>) -> bool {
    part.value().name() == "dt"
}

/// Each term has a line of its own; the descriptions are the last one's.
fn items(group: Group) -> impl Iterator<Item = Packed<TermItem>> {
    let Group { mut terms, texts, .. } = group;
    let last = TermItem::new(terms.pop().unwrap_or_default(), between(texts, ParbreakElem::shared().clone()));
    terms.into_iter().map(|term| TermItem::new(term, Content::empty())).chain([last]).map(packed)
}

fn term(terms: Vec<Content>) -> Content {
    between(terms, LinebreakElem::shared().clone())
}

fn between(parts: Vec<Content>, between: Content) -> Content {
    let mut out = Vec::new();
    for (i, part) in parts.into_iter().enumerate() {
        if i > 0 {
            out.push(between.clone());
        }
        out.push(part);
    }
    Content::sequence(out)
}

/// `width`: of the terms, in points.
fn in_columns(groups: Vec<Group>, width: f64) -> Content {
    let cell = |content: Content, align: Option<Alignment>, x: usize, y: usize| {
        let cell = GridCell::new(content).with_x(Smart::Custom(x)).with_y(Smart::Custom(y));
        let cell = cell.with_align(align.map_or(Smart::Auto, Smart::Custom));
        GridChild::Item(GridItem::Cell(Packed::new(cell)))
    };
    let rows = groups.into_iter().enumerate().flat_map(|(y, group)| {
        let term = ParElem::new(StrongElem::new(term(group.terms)).pack()).pack();
        // Terms are aligned in their own width, which leaves a gap to the descriptions.
        let term = match group.align.and(group.width).filter(|own| *own < width) {
            Some(own) => {
                let term = term.set(AlignElem::alignment, group.align.unwrap_or_default());
                let block = BlockElem::new().with_body(Some(BlockBody::Content(term)));
                block.with_width(Smart::Custom(lengths::pt(own).into())).pack()
            }
            None => term,
        };
        let align = group.align.filter(|_| group.width.is_none_or(|own| own >= width));
        [cell(term, align, 0, y), cell(between(group.texts, ParbreakElem::shared().clone()), None, 1, y)]
    });
    let columns = [Sizing::Rel(lengths::pt(width).into()), Sizing::Fr(Fr::one())];
    GridElem::new(rows.collect()).with_columns(TrackSizings(columns.into_iter().collect())).pack()
}
