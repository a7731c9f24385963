//! Fades what was laid out: Typst has no opacity of groups.

use std::io::Cursor;

use image::ImageFormat;
use typst::{
    foundations::{Bytes, Smart},
    layout::{Frame, FrameItem},
    visualize::{ExchangeFormat, FixedStroke, Image, ImageKind, Paint, RasterFormat, RasterImage},
};

/// Fades each text, line, ground and picture of a frame by itself.
pub(super) fn fade(frame: &mut Frame, opacity: f64) {
    frame.retain(|item| {
        match item {
            FrameItem::Group(group) => fade(&mut group.frame, opacity),
            FrameItem::Text(text) => {
                fade_paint(&mut text.fill, opacity);
                text.stroke.iter_mut().for_each(|stroke| fade_stroke(stroke, opacity));
            }
            FrameItem::Shape(shape, _) => {
                shape.fill.iter_mut().for_each(|fill| fade_paint(fill, opacity));
                shape.stroke.iter_mut().for_each(|stroke| fade_stroke(stroke, opacity));
            }
            FrameItem::Image(image, ..) => {
                if let Some(faded) = faded(image, opacity) {
                    *image = faded;
                }
            }
            FrameItem::Link(..) | FrameItem::Tag(_) => {}
        }
        true
    });
}

#[allow(clippy::cast_possible_truncation)]
pub(super) fn fade_paint(paint: &mut Paint, opacity: f64) {
    if let Paint::Solid(color) = paint {
        *color = color.clone().with_alpha(color.alpha().unwrap_or(1.0) * opacity as f32);
    }
}

fn fade_stroke(stroke: &mut FixedStroke, opacity: f64) {
    fade_paint(&mut stroke.paint, opacity);
}

/// `None` if the picture is of a kind that can't be faded.
fn faded(image: &Image, opacity: f64) -> Option<Image> {
    let ImageKind::Raster(raster) = image.kind() else { return None };
    let mut pixels = raster.dynamic().to_rgba8();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pixels.pixels_mut().for_each(|pixel| pixel.0[3] = (f64::from(pixel.0[3]) * opacity).round() as u8);
    let mut png = Cursor::new(Vec::new());
    pixels.write_to(&mut png, ImageFormat::Png).ok()?;
    let format = RasterFormat::Exchange(ExchangeFormat::Png);
    let raster = RasterImage::new(Bytes::new(png.into_inner()), format, Smart::Auto).ok()?;
    Some(Image::new(raster, image.alt().map(Into::into), image.scaling()))
}
