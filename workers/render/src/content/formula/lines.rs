//! Divides a formula that is wider than its line, before relations and operators.

use typst::{
    diag::{SourceDiagnostic, SourceResult},
    engine::Engine,
    foundations::{Content, NativeElement, Packed, SequenceElem, StyleChain, SymbolElem},
    introspection::Locator,
    layout::{Abs, Axes, BlockElem, Em, Fragment, HElem, Length, Region, Regions, Size},
    math::{AlignPointElem, ClassElem, EquationElem},
    model::ParElem,
    text::{LinebreakElem, TextElem},
    utils::default_math_class,
};
use typst_layout::{layout_fragment, layout_frame};
use unicode_math_class::MathClass;

/// How far a formula is scaled down before it is divided.
const FLOOR: f64 = 0.6;
/// How far the second and the further lines are indented, in font sizes.
const INDENT: f64 = 2.0;
/// Between the lines, in font sizes.
const LEADING: f64 = 0.65;
/// What a relation's or operator's space adds to a piece, in font sizes.
const SPACE: f64 = 0.6;

/// A formula that is divided into lines if it is much wider than its own. Who typesets it scales it down.
pub fn divided(equation: Packed<EquationElem>) -> Content {
    BlockElem::multi_layouter(equation, lay_out).pack()
}

fn lay_out(
    equation: &Packed<EquationElem>,
    engine: &mut Engine<'_>,
    locator: Locator<'_>,
    styles: StyleChain<'_>,
    regions: Regions<'_>,
) -> SourceResult<Fragment> {
    let width = regions.size.x;
    let whole = equation.clone().pack();
    let natural = match width.to_pt().is_finite() {
        true => natural_width(engine, &whole, &locator, styles)?,
        false => Abs::zero(),
    };
    if width.fits(natural) {
        return layout_fragment(engine, &whole, locator, styles, regions);
    }
    let mut shown = (whole, natural);
    if width / natural < FLOOR {
        let mut lines = Lines { engine: &mut *engine, locator: &locator, styles, width };
        if let Some(body) = lines.of(&equation.body)? {
            let mut lines = equation.clone();
            lines.body = body;
            let lines = lines.pack().set(ParElem::leading, Em::new(LEADING).into());
            let natural = natural_width(engine, &lines, &locator, styles)?;
            shown = (lines, natural);
        }
    }
    let (content, natural) = shown;
    if !width.fits(natural) {
        let percent = (width / natural * 100.0).floor();
        let message = format!(
            "the formula is wider than its line, so it is scaled down to {percent} % of its size: divide it, for example by \\\\ in \\begin{{aligned}}"
        );
        engine.sink.warn(SourceDiagnostic::warning(equation.span(), message));
    }
    layout_fragment(engine, &content, locator, styles, regions)
}

fn natural_width(
    engine: &mut Engine<'_>,
    content: &Content,
    locator: &Locator<'_>,
    styles: StyleChain<'_>,
) -> SourceResult<Abs> {
    let endless = Region::new(Size::splat(Abs::inf()), Axes::splat(false));
    Ok(layout_frame(engine, content, locator.relayout(), styles, endless)?.width())
}

struct Lines<'l, 'e, 's> {
    engine: &'l mut Engine<'e>,
    locator: &'l Locator<'l>,
    styles: StyleChain<'s>,
    width: Abs,
}

impl Lines<'_, '_, '_> {
    /// The body in lines; `None` if it has no place to divide it, or lines of its own.
    fn of(&mut self, body: &Content) -> SourceResult<Option<Content>> {
        let Some(sequence) = body.to_packed::<SequenceElem>() else { return Ok(None) };
        let atoms = &sequence.children;
        if atoms.iter().any(|atom| atom.is::<LinebreakElem>() || atom.is::<AlignPointElem>()) {
            return Ok(None);
        }
        let em = self.styles.resolve(TextElem::size);
        let most = self.width - em * INDENT;
        for in_brackets in [false, true] {
            let mut pieces = Vec::new();
            for piece in divide(atoms, in_brackets) {
                let equation = EquationElem::new(Content::sequence(piece.iter().cloned())).with_block(true).pack();
                let width = natural_width(self.engine, &equation, self.locator, self.styles)? + em * SPACE;
                pieces.push((piece, width));
            }
            let fits = pieces.iter().all(|(_, width)| most.fits(*width));
            if pieces.len() > 1 && (fits || in_brackets) {
                return Ok(Some(joined(&pieces, most)));
            }
        }
        Ok(None)
    }
}

/// As many pieces in each line as fit.
fn joined(pieces: &[(&[Content], Abs)], most: Abs) -> Content {
    let mut out = vec![AlignPointElem::shared().clone()];
    let mut used = Abs::zero();
    for (i, (piece, width)) in pieces.iter().enumerate() {
        if i > 0 && !most.fits(used + *width) {
            out.push(LinebreakElem::shared().clone());
            out.push(AlignPointElem::shared().clone());
            out.push(HElem::new(Length::from(Em::new(INDENT)).into()).pack());
            used = Abs::zero();
        }
        out.extend(piece.iter().cloned());
        used += *width;
    }
    Content::sequence(out)
}

/// Pieces that begin with a relation or an operator; of those in brackets only if it is said.
fn divide(atoms: &[Content], in_brackets: bool) -> Vec<&[Content]> {
    let mut pieces = Vec::new();
    let (mut from, mut depth) = (0, 0_usize);
    let mut before = None;
    for (at, atom) in atoms.iter().enumerate() {
        let class = class(atom);
        match class {
            Some(MathClass::Opening) => depth += 1,
            Some(MathClass::Closing) => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_place = is_sign(class) && !is_sign(before) && !matches!(before, Some(MathClass::Opening));
        let is_place = is_place || (in_brackets && before == Some(MathClass::Punctuation));
        if is_place && at > from && (depth == 0 || in_brackets) {
            pieces.push(&atoms[from..at]);
            from = at;
        }
        if !atom.is::<HElem>() {
            before = class;
        }
    }
    pieces.push(&atoms[from..]);
    pieces
}

fn is_sign(class: Option<MathClass>) -> bool {
    matches!(class, Some(MathClass::Relation | MathClass::Binary | MathClass::Vary))
}

fn class(atom: &Content) -> Option<MathClass> {
    if let Some(symbol) = atom.to_packed::<SymbolElem>() {
        return symbol.text.chars().next().and_then(default_math_class);
    }
    if let Some(classed) = atom.to_packed::<ClassElem>() {
        return Some(classed.class);
    }
    let sequence = atom.to_packed::<SequenceElem>()?;
    class(sequence.children.iter().find(|atom| !atom.is::<HElem>())?)
}
