//! Type 3 fonts: glyphs that are small drawings, as old TeX documents have them.
//!
//! The interpreter tells neither their widths, which are measured on the drawing, nor their letters unless the font
//! does. A font that does not is given a name for its letters ([`LETTERS`]) in an update at the end of the file.

use hayro_interpret::{
    BlendMode, ClipPath, Device, GlyphDrawMode, Image, Paint, PathDrawMode, SoftMask,
    font::{Glyph, Type3Glyph},
    hayro_syntax::{
        Pdf,
        object::{Array, Dict, Name, Object},
    },
};
use kurbo::{Affine, BezPath, Rect, Shape};

/// The name of [`MAP`] in a file.
pub(super) const LETTERS: &[u8] = b"Letters-Of-TeX";
/// ASCII and Latin-1 with the ligatures of TeX's fonts.
pub(super) const MAP: &[u8] = b"1 begincodespacerange <00> <ff> endcodespacerange\n\
    12 beginbfrange <0b> <0b> <00660066> <0c> <0c> <00660069> <0d> <0d> <0066006c> <0e> <0e> <006600660069>\n\
    <0f> <0f> <00660066006c> <15> <15> <2013> <16> <16> <2014> <1b> <1b> <00660066> <1c> <1c> <00660069>\n\
    <1d> <1d> <0066006c> <20> <7e> <0020> <a1> <ff> <00a1> endbfrange";
/// Limit of an image's or path's coordinates, in thousandths of an em.
const FAR: f64 = 4_000.0;
/// Width of a glyph that draws nothing, in em.
const USUAL: f64 = 0.5;
/// Space to the right of a drawing, in em.
const MARGIN: f64 = 0.03;

/// Measures how far to the right a glyph is drawn, in thousandths of an em.
struct Ruler(f64);

impl Ruler {
    fn reach(&mut self, shape: Rect, transform: Affine) {
        let right = (transform * shape.to_path(0.1)).bounding_box().x1;
        if right.is_finite() {
            self.0 = self.0.max(right.min(FAR));
        }
    }
}

/// The width of a glyph in em.
pub(super) fn width<'a>(glyph: &Type3Glyph<'a>, paint: &Paint<'a>) -> f64 {
    let mut ruler = Ruler(0.0);
    glyph.interpret(&mut ruler, Affine::IDENTITY, Affine::IDENTITY, paint);
    if ruler.0 > 0.0 { ruler.0 / 1000.0 + MARGIN } else { USUAL }
}

impl<'a> Device<'a> for Ruler {
    fn draw_path(&mut self, path: &BezPath, transform: Affine, _: &Paint<'a>, _: &PathDrawMode) {
        self.reach(path.bounding_box(), transform);
    }

    fn draw_image(&mut self, image: Image<'a, '_>, transform: Affine) {
        self.reach(Rect::new(0.0, 0.0, f64::from(image.width()), f64::from(image.height())), transform);
    }

    fn draw_glyph(&mut self, _: &Glyph<'a>, _: Affine, _: Affine, _: &Paint<'a>, _: &GlyphDrawMode) {}
    fn set_soft_mask(&mut self, _: Option<SoftMask<'a>>) {}
    fn set_blend_mode(&mut self, _: BlendMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn pop_clip_path(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

/// The file with letters named for the Type 3 fonts that have none; nothing if there is no such font.
pub(super) fn named(pdf: &Pdf, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes.to_vec();
    let mut table = b"xref\n".to_vec();
    let before = previous(bytes)?;
    let mut found = false;
    for object in pdf.objects() {
        let Some(font) = object.into_dict().filter(lacks_letters) else { continue };
        let (Some(id), Some(inner)) = (font.obj_id(), font.data().strip_suffix(b">>")) else { continue };
        found = true;
        out.push(b'\n');
        table.extend(format!("{} 1\n{:010} {:05} n \n", id.obj_number, out.len(), id.gen_number).bytes());
        out.extend(format!("{} {} obj\n", id.obj_number, id.gen_number).bytes());
        out.extend(inner);
        out.extend([b"/ToUnicode /", LETTERS, b">>\nendobj\n"].concat());
    }
    let start = out.len();
    out.extend(table);
    let root = pdf.xref().root_id();
    let trailer = format!("trailer\n<</Size {}/Prev {before}", pdf.len() + 1);
    let root = format!("/Root {} {} R>>\nstartxref\n{start}\n%%EOF\n", root.obj_number, root.gen_number);
    out.extend(trailer.bytes().chain(root.bytes()));
    found.then_some(out)
}

/// Where the table of objects starts.
fn previous(bytes: &[u8]) -> Option<usize> {
    let tail = bytes.len().saturating_sub(2048);
    let text = String::from_utf8_lossy(bytes.get(tail..)?).into_owned();
    text.rsplit("startxref").next()?.split_whitespace().next()?.parse().ok()
}

fn lacks_letters(font: &Dict<'_>) -> bool {
    font.get::<Name<'_>>("Subtype").is_some_and(|kind| &*kind == b"Type3")
        && !font.contains_key("ToUnicode")
        && is_coded_by_letter(font)
}

/// Whether glyphs are named by their codes (`a65`) or by the letters that the codes are (`A`).
fn is_coded_by_letter(font: &Dict<'_>) -> bool {
    let encoding = font.get::<Dict<'_>>("Encoding").and_then(|encoding| encoding.get::<Array<'_>>("Differences"));
    let Some(encoding) = encoding else { return false };
    let (mut code, mut named, mut all) = (0_i64, 0, 0);
    for entry in encoding.iter::<Object<'_>>().take(1_000) {
        match entry {
            Object::Number(number) => code = number.as_i64(),
            Object::Name(name) if &*name != b".notdef" => {
                let (first, rest) = name.as_str().split_at_checked(1).unwrap_or_default();
                let letter = first.bytes().next().map(i64::from);
                let is_code = first == "a" && rest.parse() == Ok(code);
                named += usize::from(is_code || (rest.is_empty() && letter == Some(code)));
                all += 1;
                code += 1;
            }
            Object::Name(_) => code += 1,
            _ => {}
        }
    }
    named * 2 > all
}
