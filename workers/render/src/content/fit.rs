//! Lays out blocks by the space there is: keeps them on one page, balances columns, sets a minimum height, scales down.

use typst::{
    diag::SourceResult,
    engine::Engine,
    foundations::{Content, NativeElement, Packed, Resolve, StyleChain, Styles},
    introspection::Locator,
    layout::{
        Abs, AlignElem, Angle, Axes, BlockBody, BlockElem, ColumnsElem, Fragment, Frame, Point, Ratio, Region, Regions,
        Size, Sizing, SkewElem, Transform,
    },
};
use typst_layout::{layout_fragment, layout_frame};

use super::{lengths, opacity};
use crate::ink;

/// How often the height of balanced columns is halved.
const HALVINGS: usize = 10;
/// The smallest scale.
const MIN_SCALE: f64 = 0.2;

/// Keeps a block on one page, unless it is taller than a page.
pub fn keep_together(block: Content) -> Content {
    BlockElem::multi_layouter(block_of(block), lay_out_together).pack()
}

/// Gives content a minimum height, in points.
pub fn with_min_height(content: Content, points: f64) -> Content {
    BlockElem::multi_layouter(block_with_height(content, points), lay_out_min_height).pack()
}

/// A row whose boxes are as high as the highest and at least `points`, if it does not break.
pub fn stretched_row(row: Content, points: f64) -> Content {
    BlockElem::multi_layouter(block_with_height(row, points), lay_out_stretched).pack()
}

/// A box's content in a stretched row. Padding and borders take `frame` points of the row's height.
pub fn as_high_as_row(content: Content, frame: f64) -> Content {
    BlockElem::multi_layouter(block_with_height(content, frame), lay_out_as_high_as_row).pack()
}

/// Columns of about the same height, if they fit the page.
pub fn balanced(columns: ColumnsElem) -> Content {
    BlockElem::multi_layouter(Packed::new(columns), lay_out_balanced).pack()
}

/// Scales content down if something of it lies outside the space for it.
pub fn squeezed(content: Content) -> Content {
    BlockElem::multi_layouter(block_of(content), lay_out_squeezed).pack()
}

/// Content that lets the ground shine through: 0 is invisible, 1 is opaque.
pub fn faded(content: Content, opacity: f64) -> Content {
    // The opacity reaches the layouter as the block's height.
    BlockElem::multi_layouter(block_with_height(content, opacity), lay_out_faded).pack()
}

fn block_of(content: Content) -> Packed<BlockElem> {
    Packed::new(BlockElem::new().with_body(Some(BlockBody::Content(content))))
}

/// `points` reaches the layouter as the block's height.
fn block_with_height(content: Content, points: f64) -> Packed<BlockElem> {
    let height = Sizing::Rel(lengths::pt(points).into());
    Packed::new(BlockElem::new().with_body(Some(BlockBody::Content(content))).with_height(height))
}

/// The points of [`block_with_height`].
fn carried(block: &Packed<BlockElem>, styles: StyleChain<'_>) -> Option<Abs> {
    match block.height.get(styles) {
        Sizing::Rel(height) => Some(height.resolve(styles).relative_to(Abs::zero())),
        Sizing::Auto | Sizing::Fr(_) => None,
    }
}

fn body<'a>(block: &'a Packed<BlockElem>, styles: StyleChain<'a>) -> Option<&'a Content> {
    match block.body.get_ref(styles) {
        Some(BlockBody::Content(content)) => Some(content),
        _ => None,
    }
}

fn empty() -> Fragment {
    Fragment::frame(Frame::soft(Size::zero()))
}

fn lay_out_body(
    block: &Packed<BlockElem>,
    engine: &mut Engine<'_>,
    locator: Locator<'_>,
    styles: StyleChain<'_>,
    regions: Regions<'_>,
) -> SourceResult<Fragment> {
    match body(block, styles) {
        Some(content) => layout_fragment(engine, content, locator, styles, regions),
        None => Ok(empty()),
    }
}

/// The height of the box around, if it is known.
pub(super) fn known_height(styles: StyleChain<'_>) -> Abs {
    Abs::pt(styles.get(SkewElem::ay).to_rad())
}

/// Styles by which boxes learn the height of their row; and the content of a box, the height of the box.
pub(super) fn heights(row: Abs, around: Abs) -> Styles {
    let angle = |height: Abs| Angle::rad(if height.to_raw().is_finite() { height.to_pt().max(0.0) } else { 0.0 });
    let mut styles = Styles::new();
    styles.set(SkewElem::ax, angle(row));
    styles.set(SkewElem::ay, angle(around));
    styles
}

fn lay_out_together(
    block: &Packed<BlockElem>,
    engine: &mut Engine<'_>,
    locator: Locator<'_>,
    styles: StyleChain<'_>,
    regions: Regions<'_>,
) -> SourceResult<Fragment> {
    let Some(content) = body(block, styles) else { return Ok(empty()) };
    let endless = Region::new(Size::new(regions.size.x, Abs::inf()), Axes::new(regions.expand.x, false));
    let whole = layout_frame(engine, content, locator.relayout(), styles, endless)?;
    if regions.size.y.fits(whole.height()) {
        return Ok(Fragment::frame(whole));
    }
    let next = regions.iter().nth(1).filter(|_| regions.may_progress());
    if next.is_some_and(|next| next.y.fits(whole.height())) {
        // After an empty frame, the whole block begins in the next region.
        return Ok(Fragment::frames(vec![Frame::soft(Size::new(whole.width(), Abs::zero())), whole]));
    }
    layout_fragment(engine, content, locator, styles, regions)
}

fn lay_out_faded(
    block: &Packed<BlockElem>,
    engine: &mut Engine<'_>,
    locator: Locator<'_>,
    styles: StyleChain<'_>,
    regions: Regions<'_>,
) -> SourceResult<Fragment> {
    let mut fragment = lay_out_body(block, engine, locator, styles, regions)?;
    let opacity = carried(block, styles).map_or(1.0, Abs::to_pt);
    fragment.iter_mut().for_each(|frame| opacity::fade(frame, opacity));
    Ok(fragment)
}

fn lay_out_min_height(
    block: &Packed<BlockElem>,
    engine: &mut Engine<'_>,
    locator: Locator<'_>,
    styles: StyleChain<'_>,
    regions: Regions<'_>,
) -> SourceResult<Fragment> {
    let least = carried(block, styles).unwrap_or_default();
    let mut fragment = lay_out_in_height(block, engine, locator, styles, regions, least)?;
    let is_one = fragment.len() == 1;
    for frame in fragment.iter_mut().filter(|_| is_one) {
        let height = frame.height().max(least.min(regions.size.y));
        let above = styles.resolve(AlignElem::alignment).y.position(height - frame.height());
        frame.translate(Point::with_y(above));
        frame.size_mut().y = height;
    }
    Ok(fragment)
}

fn lay_out_stretched(
    block: &Packed<BlockElem>,
    engine: &mut Engine<'_>,
    locator: Locator<'_>,
    styles: StyleChain<'_>,
    regions: Regions<'_>,
) -> SourceResult<Fragment> {
    let Some(content) = body(block, styles) else { return Ok(empty()) };
    // An only block would be as high as the page.
    let regions = Regions { expand: Axes::new(regions.expand.x, false), ..regions };
    let fragment = layout_fragment(engine, content, locator.relayout(), styles, regions)?;
    let [frame] = fragment.as_slice() else { return layout_fragment(engine, content, locator, styles, regions) };
    let least = carried(block, styles).unwrap_or_default().min(regions.size.y);
    // Styles are all that reaches the row's boxes. Nothing else in a document is skewed.
    let height = SkewElem::ax.set(Angle::rad(frame.height().max(least).to_pt())).wrap();
    layout_fragment(engine, content, locator, styles.chain(&height), regions)
}

fn lay_out_as_high_as_row(
    block: &Packed<BlockElem>,
    engine: &mut Engine<'_>,
    locator: Locator<'_>,
    styles: StyleChain<'_>,
    regions: Regions<'_>,
) -> SourceResult<Fragment> {
    let row = Abs::pt(styles.get(SkewElem::ax).to_rad());
    let none = SkewElem::ax.set(Angle::zero()).wrap();
    let frame = carried(block, styles).unwrap_or_default();
    let least = row - frame;
    let mut fragment = lay_out_in_height(block, engine, locator, styles.chain(&none), regions, least)?;
    let is_one = fragment.len() == 1;
    for only in fragment.iter_mut().filter(|_| is_one) {
        let height = only.height().max(least.min(regions.size.y));
        let above = styles.resolve(AlignElem::alignment).y.position(height - only.height());
        only.translate(Point::with_y(above));
        only.size_mut().y = height;
    }
    Ok(fragment)
}

/// Lays out the body of a box whose height is at least this, which [`known_height`] reads.
fn lay_out_in_height(
    block: &Packed<BlockElem>,
    engine: &mut Engine<'_>,
    locator: Locator<'_>,
    styles: StyleChain<'_>,
    regions: Regions<'_>,
    least: Abs,
) -> SourceResult<Fragment> {
    let known = heights(Abs::zero(), least.min(regions.size.y));
    lay_out_body(block, engine, locator, styles.chain(&known), regions)
}

fn lay_out_balanced(
    columns: &Packed<ColumnsElem>,
    engine: &mut Engine<'_>,
    locator: Locator<'_>,
    styles: StyleChain<'_>,
    regions: Regions<'_>,
) -> SourceResult<Fragment> {
    let count = columns.count.get(styles).get();
    let gutter = columns.gutter.resolve(styles).relative_to(regions.size.x);
    #[allow(clippy::cast_precision_loss)]
    let width = (regions.size.x - gutter * (count - 1) as f64) / count as f64;
    if !width.to_raw().is_finite() || width <= Abs::zero() {
        return layout_fragment(engine, &columns.body, locator, styles, regions);
    }
    let lay_out = |engine: &mut Engine<'_>, height: Abs| -> SourceResult<Fragment> {
        // One region more than columns, for what does not fit.
        let backlog = vec![height; count];
        let regions = Regions {
            size: Size::new(width, height),
            expand: Axes::new(true, false),
            full: height,
            backlog: &backlog,
            last: None,
        };
        layout_fragment(engine, &columns.body, locator.relayout(), styles, regions)
    };
    let endless = Region::new(Size::new(width, Abs::inf()), Axes::new(true, false));
    let whole = layout_frame(engine, &columns.body, locator.relayout(), styles, endless)?;
    let (mut low, mut high) = (Abs::zero(), whole.height());
    let mut best = Fragment::frame(whole);
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        let fragment = lay_out(engine, middle)?;
        match fragment.len() <= count {
            true => {
                high = middle;
                best = fragment;
            }
            false => low = middle,
        }
    }
    let height = best.iter().map(Frame::height).max().unwrap_or_default();
    if !regions.size.y.fits(height) {
        // Typst's own columns go on across pages.
        return layout_fragment(engine, &columns.clone().pack(), locator, styles, regions);
    }
    let mut out = Frame::soft(Size::new(regions.size.x, height));
    let mut x = Abs::zero();
    for frame in best {
        out.push_frame(Point::with_x(x), frame);
        x += width + gutter;
    }
    Ok(Fragment::frame(out))
}

fn lay_out_squeezed(
    block: &Packed<BlockElem>,
    engine: &mut Engine<'_>,
    locator: Locator<'_>,
    styles: StyleChain<'_>,
    regions: Regions<'_>,
) -> SourceResult<Fragment> {
    let mut fragment = lay_out_body(block, engine, locator, styles, regions)?;
    let (mut left, mut right, mut scale) = (0.0_f64, 0.0_f64, 1.0_f64);
    for (frame, region) in fragment.iter().zip(regions.iter()) {
        let mut bottom = 0.0_f64;
        ink::visit(frame, Transform::identity(), &mut |mark| {
            left = left.min(mark.left);
            right = right.max(mark.right);
            bottom = bottom.max(mark.bottom);
        });
        // In the next region there may be more space.
        let height = region.y.max(regions.full).to_pt();
        if height.is_finite() && bottom > height {
            scale = scale.min(height / bottom);
        }
    }
    let width = regions.size.x.to_pt();
    if width.is_finite() && right - left > width {
        scale = scale.min(width / (right - left));
    }
    let shift = Abs::pt(-left);
    if scale >= 1.0 && left >= 0.0 {
        return Ok(fragment);
    }
    let scale = scale.max(MIN_SCALE);
    for frame in fragment.iter_mut() {
        let size = frame.size();
        frame.translate(Point::with_x(shift));
        frame.transform(Transform::scale(Ratio::new(scale), Ratio::new(scale)));
        frame.set_size(Size::new(regions.size.x.min(size.x), size.y * scale));
    }
    Ok(fragment)
}
