//! Divides the height of a box among what stands in it, as CSS's flexible columns do.

use typst::{
    diag::SourceResult,
    engine::Engine,
    foundations::{Content, NativeElement, Packed, StyleChain},
    introspection::{Locator, SplitLocator},
    layout::{
        Abs, Axes, BlockBody, BlockElem, Fr, Fragment, Frame, Point, Region, Regions, Size, Sizing, Spacing,
        StackChild, StackElem,
    },
};
use typst_layout::{layout_fragment, layout_frame};

use crate::content::{fit, lengths};

/// What stands in a column.
pub(super) enum Piece {
    /// In points.
    Space(f64),
    /// A part of the height that is left.
    Free,
    /// With `flex-grow`, if it grows.
    Box(Content, Option<f64>),
}

/// The `pieces` in a box whose height is known and suffices; else the `natural` content.
pub(super) fn distributed(pieces: Vec<Piece>, natural: Content) -> Content {
    let block = |content: Content| BlockElem::new().with_body(Some(BlockBody::Content(content)));
    let child = |piece: Piece| match piece {
        Piece::Space(points) => StackChild::Spacing(Spacing::Rel(lengths::pt(points).into())),
        Piece::Free => StackChild::Spacing(Spacing::Fr(Fr::one())),
        // The height says how much it grows.
        Piece::Box(content, Some(grow)) => {
            StackChild::Block(block(content).with_height(Sizing::Fr(Fr::new(grow))).pack())
        }
        Piece::Box(content, None) => StackChild::Block(block(content).pack()),
    };
    let natural = std::iter::once(StackChild::Block(natural));
    let children = natural.chain(pieces.into_iter().map(child)).collect();
    BlockElem::multi_layouter(Packed::new(StackElem::new(children)), lay_out).pack()
}

fn lay_out(
    stack: &Packed<StackElem>,
    engine: &mut Engine<'_>,
    locator: Locator<'_>,
    styles: StyleChain<'_>,
    regions: Regions<'_>,
) -> SourceResult<Fragment> {
    let [StackChild::Block(natural), pieces @ ..] = stack.children.as_slice() else {
        return Ok(Fragment::frame(Frame::soft(Size::zero())));
    };
    let height = fit::known_height(styles);
    let none = fit::heights(Abs::zero(), Abs::zero());
    if height > Abs::zero() {
        let size = Size::new(regions.size.x, height);
        if let Some(frame) = divided(pieces, engine, &mut locator.relayout().split(), styles, size)? {
            return Ok(Fragment::frame(frame));
        }
    }
    layout_fragment(engine, natural, locator, styles.chain(&none), regions)
}

/// The body of a box, and how much it grows.
fn parts<'a>(child: &'a StackChild, styles: StyleChain<'a>) -> Option<(&'a Content, Option<f64>)> {
    let StackChild::Block(content) = child else { return None };
    let block = content.to_packed::<BlockElem>()?;
    let Some(BlockBody::Content(body)) = block.body.get_ref(styles) else { return None };
    let grow = match block.height.get(styles) {
        Sizing::Fr(grow) => Some(grow.get()),
        Sizing::Auto | Sizing::Rel(_) => None,
    };
    Some((body, grow))
}

/// `None` if the pieces are higher than their space.
fn divided(
    pieces: &[StackChild],
    engine: &mut Engine<'_>,
    locators: &mut SplitLocator<'_>,
    styles: StyleChain<'_>,
    size: Size,
) -> SourceResult<Option<Frame>> {
    let none = fit::heights(Abs::zero(), Abs::zero());
    let endless = Region::new(Size::new(size.x, Abs::inf()), Axes::new(true, false));
    let (mut frames, mut used, mut shares) = (Vec::new(), Abs::zero(), 0.0);
    let mut growing = Vec::new();
    for piece in pieces {
        match piece {
            StackChild::Spacing(Spacing::Rel(space)) => used += space.abs.abs,
            StackChild::Spacing(Spacing::Fr(_)) => shares += 1.0,
            StackChild::Block(_) => {
                let Some((body, grow)) = parts(piece, styles) else { continue };
                let locator = locators.next(&body.span());
                let frame = layout_frame(engine, body, locator.relayout(), styles.chain(&none), endless)?;
                used += frame.height();
                if let Some(grow) = grow {
                    growing.push((frames.len(), grow, frame.height()));
                }
                frames.push((frame, body, locator));
            }
        }
    }
    if !size.y.fits(used) {
        return Ok(None);
    }
    for (at, height) in grown(&growing, size.y - used) {
        let known = fit::heights(height, Abs::zero());
        let (frame, body, locator) = &mut frames[at];
        *frame = layout_frame(engine, body, locator.relayout(), styles.chain(&known), endless)?;
        frame.size_mut().y = frame.height().max(height);
        used = size.y;
    }
    let free = if growing.is_empty() && shares > 0.0 { (size.y - used) / shares } else { Abs::zero() };
    let mut out = Frame::soft(size);
    let (mut y, mut frames) = (Abs::zero(), frames.into_iter());
    for piece in pieces {
        match piece {
            StackChild::Spacing(Spacing::Rel(space)) => y += space.abs.abs,
            StackChild::Spacing(Spacing::Fr(_)) => y += free,
            StackChild::Block(_) => {
                let Some((frame, ..)) = frames.next() else { continue };
                let height = frame.height();
                out.push_frame(Point::with_y(y), frame);
                y += height;
            }
        }
    }
    Ok(Some(out))
}

/// The heights of the boxes that grow: shares of their space, but none is less than its content needs.
fn grown(growing: &[(usize, f64, Abs)], free: Abs) -> Vec<(usize, Abs)> {
    let mut heights: Vec<Option<Abs>> = vec![None; growing.len()];
    let whole = free + growing.iter().map(|(.., height)| *height).sum::<Abs>();
    loop {
        let left = whole - heights.iter().flatten().copied().sum::<Abs>();
        let open = || growing.iter().zip(&heights).filter(|(_, height)| height.is_none());
        let sum: f64 = open().map(|((_, grow, _), _)| grow).sum();
        let share = |grow: f64| left * (grow / sum.max(1e-6));
        let small =
            growing.iter().enumerate().find(|(i, (_, grow, least))| heights[*i].is_none() && share(*grow) < *least);
        match small {
            Some((i, (.., least))) => heights[i] = Some(*least),
            None => {
                let height =
                    |(i, (at, grow, _)): (usize, &(usize, f64, Abs))| (*at, heights[i].unwrap_or(share(*grow)));
                return growing.iter().enumerate().map(height).collect();
            }
        }
    }
}
