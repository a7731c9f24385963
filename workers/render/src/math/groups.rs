//! Converts scripts, fractions, accents, operators, braces, boxes and arrows.

use ratex_parser::parse_node::{Measurement, Mode, ParseNode};
use typst::foundations::{Content, NativeElement, Smart, SymbolElem};
use typst::layout::{Abs, BoxElem, Em, HideElem, Length, Ratio, Rel, Sides, Sizing};
use typst::math::{
    Accent, AccentElem, AttachElem, BinomElem, CancelElem, EquationElem, FracElem, LimitsElem, MatElem, MathSize,
    OpElem, OverbraceElem, OverbracketElem, OverparenElem, PrimesElem, ScriptsElem, StretchElem, UnderbraceElem,
    UnderbracketElem, UnderparenElem,
};
use typst::text::TextElem;
use typst::visualize::{Color, Paint, Stroke};

use super::builder::Builder;
use super::{MathError, symbols, text};

impl Builder {
    pub(super) fn scripts(
        &mut self,
        base: Option<&ParseNode>,
        sup: Option<&ParseNode>,
        sub: Option<&ParseNode>,
    ) -> Result<Content, MathError> {
        // The label of a brace belongs to the brace.
        if let Some(brace @ ParseNode::HorizBrace { is_over, .. }) = base {
            let (label, other) = if *is_over { (sup, sub) } else { (sub, sup) };
            let braced = self.brace(brace, label)?;
            let Some(other) = other else { return Ok(braced) };
            let other = Some(self.node(other)?);
            let attached = AttachElem::new(LimitsElem::new(braced).pack());
            return Ok(if *is_over { attached.with_b(other).pack() } else { attached.with_t(other).pack() });
        }
        let mut attached = AttachElem::new(match base {
            Some(base) => self.base(base)?,
            None => Content::empty(),
        });
        if let Some(sup) = sup {
            let (primes, rest) = self.primes(sup)?;
            if primes > 0 {
                attached = attached.with_tr(Some(PrimesElem::new(primes).pack()));
            }
            attached = attached.with_t(rest);
        }
        if let Some(sub) = sub {
            attached = attached.with_b(Some(self.node(sub)?));
        }
        Ok(attached.pack())
    }

    /// TeX sets the scripts of all but operators beside them; Typst would set those of relations below.
    fn base(&mut self, base: &ParseNode) -> Result<Content, MathError> {
        let content = self.node(base)?;
        Ok(match base {
            ParseNode::Atom { .. } | ParseNode::MClass { .. } => ScriptsElem::new(content).pack(),
            _ => content,
        })
    }

    /// The number of primes at the beginning of a superscript, and the rest.
    fn primes(&mut self, sup: &ParseNode) -> Result<(usize, Option<Content>), MathError> {
        let ParseNode::OrdGroup { body, .. } = sup else { return Ok((0, Some(self.node(sup)?))) };
        let count = body.iter().take_while(|node| node.symbol_text() == Some("\\prime")).count();
        let rest = &body[count..];
        if count > 0 && rest.is_empty() {
            return Ok((count, None));
        }
        Ok((count, Some(self.nodes(rest)?)))
    }

    /// `\frac`, `\binom`, `\genfrac`.
    pub(super) fn fraction(&mut self, node: &ParseNode) -> Result<Content, MathError> {
        let ParseNode::GenFrac { continued, numer, denom, has_bar_line, left_delim, right_delim, .. } = node else {
            return Ok(Content::empty());
        };
        let (mut above, mut below) = (self.node(numer)?, self.node(denom)?);
        if *continued {
            above = above.set(EquationElem::size, MathSize::Display);
            below = below.set(EquationElem::size, MathSize::Display);
        }
        let (left, right) = (left_delim.as_deref().unwrap_or_default(), right_delim.as_deref().unwrap_or_default());
        if !has_bar_line && (left, right) == ("(", ")") {
            return Ok(BinomElem::new(above, vec![below]).pack());
        }
        let inner = if *has_bar_line {
            FracElem::new(above, below).pack()
        } else {
            let mut stacked = MatElem::new(vec![vec![above], vec![below]]);
            stacked.delim.set(symbols::no_delimiters()?);
            stacked.pack()
        };
        self.fenced(left, inner, right)
    }

    /// `\hat`, `\overrightarrow`, `\utilde`.
    pub(super) fn accent(&mut self, label: &str, base: &ParseNode) -> Result<Content, MathError> {
        let Some((mark, stretches)) = symbols::accent(label) else {
            return Err(MathError::Unsupported(label.to_owned()));
        };
        let mut accent = AccentElem::new(self.node(base)?, Accent(mark));
        if !stretches {
            accent = accent.with_size(Rel::zero());
        }
        Ok(accent.pack())
    }

    /// `\sum`, `\lim`, `\mathop`, `\operatorname`.
    pub(super) fn operator(&mut self, node: &ParseNode) -> Result<Content, MathError> {
        match node {
            ParseNode::Op { symbol: true, name: Some(name), limits, always_handle_sup_sub, .. } => {
                let symbol = SymbolElem::packed(symbols::characters(name, Mode::Math)?.as_str());
                // Typst has limits for each sign; only \limits and \nolimits override them.
                Ok(match (always_handle_sup_sub, limits) {
                    (Some(true), _) => LimitsElem::new(symbol).pack(),
                    (Some(false), false) => ScriptsElem::new(symbol).pack(),
                    _ => symbol,
                })
            }
            ParseNode::Op { name, body, limits, always_handle_sup_sub, .. } => {
                let inner = match (name, body) {
                    (_, Some(body)) => self.nodes(body)?,
                    (Some(name), None) => TextElem::packed(name.trim_start_matches('\\')),
                    (None, None) => Content::empty(),
                };
                Ok(match (always_handle_sup_sub, body) {
                    // \overset, \stackrel: no operator, only a base with something above.
                    (Some(true), Some(_)) => LimitsElem::new(inner).pack(),
                    (Some(true), None) => LimitsElem::new(OpElem::new(inner).pack()).pack(),
                    _ => OpElem::new(inner).with_limits(*limits).pack(),
                })
            }
            ParseNode::OperatorName { body, always_handle_sup_sub, limits, .. } => {
                let name = match text::word(body) {
                    Some(word) => TextElem::packed(word.as_str()),
                    None => typst::math::upright(self.nodes(body)?),
                };
                let operator = OpElem::new(name).with_limits(*always_handle_sup_sub).pack();
                Ok(if *limits { LimitsElem::new(operator).pack() } else { operator })
            }
            _ => Ok(Content::empty()),
        }
    }

    /// `\underbrace` and the like, with their label.
    pub(super) fn brace(&mut self, node: &ParseNode, label: Option<&ParseNode>) -> Result<Content, MathError> {
        let ParseNode::HorizBrace { label: command, base, .. } = node else { return Ok(Content::empty()) };
        let base = self.node(base)?;
        let label = label.map(|label| self.node(label)).transpose()?;
        Ok(match command.as_str() {
            "\\overbrace" => OverbraceElem::new(base).with_annotation(label).pack(),
            "\\underbrace" => UnderbraceElem::new(base).with_annotation(label).pack(),
            "\\overbracket" => OverbracketElem::new(base).with_annotation(label).pack(),
            "\\underbracket" => UnderbracketElem::new(base).with_annotation(label).pack(),
            "\\overparen" => OverparenElem::new(base).with_annotation(label).pack(),
            "\\underparen" => UnderparenElem::new(base).with_annotation(label).pack(),
            other => return Err(MathError::Unsupported(other.to_owned())),
        })
    }

    /// `\boxed`, `\cancel`, `\colorbox`.
    pub(super) fn enclosed(&mut self, node: &ParseNode) -> Result<Content, MathError> {
        let ParseNode::Enclose { label, background_color, border_color, body, .. } = node else {
            return Ok(Content::empty());
        };
        let inner = self.node(body)?;
        let paint = |name: &Option<String>| name.as_deref().map(symbols::color).transpose();
        Ok(match label.as_str() {
            "\\cancel" => CancelElem::new(inner).pack(),
            "\\bcancel" => CancelElem::new(inner).with_inverted(true).pack(),
            "\\xcancel" => CancelElem::new(inner).with_cross(true).pack(),
            "\\fbox" => self.boxed(inner, None, Some(None)),
            "\\colorbox" => self.boxed(inner, paint(background_color)?.map(Paint::from), None),
            "\\fcolorbox" => {
                let border = paint(border_color)?.map(Paint::from);
                self.boxed(inner, paint(background_color)?.map(Paint::from), Some(border))
            }
            other => return Err(MathError::Unsupported(other.to_owned())),
        })
    }

    /// A frame; without a paint it has the text's.
    fn boxed(&self, inner: Content, fill: Option<Paint>, border: Option<Option<Paint>>) -> Content {
        let inset: Rel<Length> = Length::from(Em::new(0.3)).into();
        let mut frame = BoxElem::new().with_body(Some(self.nested(inner))).with_fill(fill);
        frame.inset.set(Sides::splat(Some(inset)));
        if let Some(paint) = border {
            let paint = paint.map_or(Smart::Auto, Smart::Custom);
            let stroke = Stroke { paint, thickness: Smart::Custom(Abs::pt(0.5).into()), ..Stroke::default() };
            frame.stroke.set(Sides::splat(Some(Some(stroke))));
        }
        frame.pack()
    }

    /// `\vphantom`: height without width.
    pub(super) fn without_width(&mut self, body: &ParseNode) -> Result<Content, MathError> {
        let inner = self.node(body)?;
        let hidden = HideElem::new(self.nested(inner)).pack();
        let none = Sizing::Rel(Ratio::zero().into());
        Ok(BoxElem::new().with_width(none).with_body(Some(hidden)).pack())
    }

    fn nested(&self, inner: Content) -> Content {
        let inner = if self.block { inner.set(EquationElem::size, MathSize::Display) } else { inner };
        EquationElem::new(inner).with_block(false).pack()
    }

    /// `\xrightarrow[below]{above}`: as long as its labels.
    pub(super) fn arrow(
        &mut self,
        label: &str,
        above: &ParseNode,
        below: Option<&ParseNode>,
    ) -> Result<Content, MathError> {
        let Some(arrow) = symbols::arrow(label) else { return Err(MathError::Unsupported(label.to_owned())) };
        let pad = || symbols::space(Em::new(0.4).into());
        let padded = |inner: Content| Content::sequence([pad(), inner, pad()]);
        let above = padded(self.node(above)?);
        let below = below.map(|below| self.node(below)).transpose()?.map(padded);
        let shaft = StretchElem::new(SymbolElem::packed(arrow)).pack();
        let attached = AttachElem::new(LimitsElem::new(shaft).pack()).with_t(Some(above)).with_b(below).pack();
        Ok(symbols::classed("mrel", attached))
    }
}

/// `\rule{width}{height}`, on the baseline.
pub(super) fn rule(width: &Measurement, height: &Measurement) -> Content {
    let (width, height) = (symbols::length(width), symbols::length(height));
    let bar = BoxElem::new().with_width(Sizing::Rel(width.into())).with_height(Smart::Custom(height.into()));
    bar.with_fill(Some(Color::BLACK.into())).pack()
}
