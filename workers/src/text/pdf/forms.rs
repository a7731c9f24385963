//! Writes the values of form fields, and comments that stand on the page, where they are shown (ISO 32000-2, 12.7).
//!
//! Appearances of fields are not drawn: they may be older than the values, or missing.

use hayro_interpret::hayro_syntax::{
    object::{Array, Dict, Name, Object, Rect, Stream, String as Bytes},
    page::Page,
};
use kurbo::{Affine, Point, Shape};

use super::{pen::Pen, strings::decode};

/// Ancestors of a field that are asked for its attributes.
const ANCESTORS: usize = 8;
/// Limit of the annotations of a page.
const MOST: usize = 20_000;
/// Size by which text in fields is placed, in points.
const SIZE: (f64, f64) = (4.0, 9.0);
/// Flags of annotations: hidden, or not to be seen.
const HIDDEN: u32 = 1 << 1 | 1 << 5;
/// Flags of fields.
const MULTILINE: u32 = 1 << 12;
const PASSWORD: u32 = 1 << 13;
const PUSH_BUTTON: u32 = 1 << 16;

pub(super) fn write(page: &Page<'_>, transform: Affine, pen: &mut Pen) {
    let Some(all) = page.raw().get::<Array<'_>>("Annots") else { return };
    // That of the text around it: of another size, it would make headings of names or of values.
    let usual = pen.usual_size();
    for annotation in all.iter::<Dict<'_>>().take(MOST) {
        let hidden = annotation.get::<u32>("F").unwrap_or(0) & HIDDEN != 0;
        let kind = annotation.get::<Name<'_>>("Subtype");
        let shown = match kind.as_deref() {
            _ if hidden => None,
            Some(b"Widget") => value(&annotation),
            Some(b"FreeText") => annotation.get::<Bytes<'_>>("Contents").map(|text| (decode(&text), true)),
            _ => None,
        };
        if let (Some((text, lines)), Some(place)) = (shown, annotation.get::<Rect>("Rect")) {
            show(&text, lines, place, transform, (usual, pen));
        }
    }
}

/// The lines of a text from the top of its place, or one line in the middle.
fn show(text: &str, lines: bool, place: Rect, transform: Affine, (usual, pen): (Option<f64>, &mut Pen)) {
    let place = kurbo::Rect::new(place.x0, place.y0, place.x1, place.y1);
    let place = (transform * place.to_path(0.1)).bounding_box();
    let lines: Vec<&str> = if lines { text.lines().collect() } else { vec![text] };
    let step = place.height() / lines.len().max(1) as f64;
    let size = (0.7 * step).clamp(SIZE.0, SIZE.1);
    let step = step.min(1.2 * size);
    // The baseline of one line lies in the middle of the place.
    let first = if lines.len() == 1 { place.center().y + 0.3 * size } else { place.y0 + size };
    for (index, line) in lines.iter().enumerate() {
        let corner = Point::new(place.x0 + 2.0, first + step * index as f64);
        let width = (0.5 * size * line.chars().count() as f64).min(place.width() - 4.0).max(0.0);
        pen.write(line, corner, usual.unwrap_or(size), width);
    }
}

fn inherited<'a>(field: &Dict<'a>, key: &str) -> Option<Object<'a>> {
    let mut field = field.clone();
    for _ in 0..ANCESTORS {
        if let Some(found) = field.get::<Object<'_>>(key) {
            return Some(found);
        }
        field = field.get::<Dict<'_>>("Parent")?;
    }
    None
}

/// What a field shows, and whether it may have several lines.
fn value(field: &Dict<'_>) -> Option<(String, bool)> {
    let kind = inherited(field, "FT")?.into_name()?;
    let flags = inherited(field, "Ff").and_then(Object::into_i32).unwrap_or(0).cast_unsigned();
    let value = inherited(field, "V");
    let text = match &*kind {
        b"Btn" if flags & PUSH_BUTTON != 0 => decode(&field.get::<Dict<'_>>("MK")?.get::<Bytes<'_>>("CA")?),
        b"Btn" => if is_checked(field, value) { "[x]" } else { "[ ]" }.to_owned(),
        b"Tx" if flags & PASSWORD == 0 => text(value?)?,
        b"Ch" => choice(field, value?)?,
        _ => return None,
    };
    Some((text, flags & MULTILINE != 0))
}

fn is_checked(field: &Dict<'_>, value: Option<Object<'_>>) -> bool {
    if let Some(state) = field.get::<Name<'_>>("AS") {
        return &*state != b"Off";
    }
    let states = field.get::<Dict<'_>>("AP").and_then(|shown| shown.get::<Dict<'_>>("N"));
    let value = value.and_then(Object::into_name);
    value.is_some_and(|value| &*value != b"Off" && states.is_none_or(|states| states.contains_key(&*value)))
}

fn text(value: Object<'_>) -> Option<String> {
    match value {
        Object::String(bytes) => Some(decode(&bytes)),
        Object::Stream(stream) => stream_text(&stream),
        Object::Name(name) => Some(name.as_str().to_owned()),
        _ => None,
    }
}

fn stream_text(stream: &Stream<'_>) -> Option<String> {
    stream.decoded().ok().map(|bytes| decode(&bytes))
}

/// The chosen entries, as they are shown.
fn choice(field: &Dict<'_>, value: Object<'_>) -> Option<String> {
    let chosen: Vec<String> = match value {
        Object::Array(all) => all.iter::<Object<'_>>().take(MOST).filter_map(text).collect(),
        one => vec![text(one)?],
    };
    let entries = inherited(field, "Opt").and_then(Object::into_array);
    let pairs =
        entries.iter().flat_map(|entries| entries.iter::<Object<'_>>().take(MOST)).filter_map(Object::into_array);
    let pairs: Vec<(String, String)> = pairs
        .filter_map(|pair| {
            let mut both = pair.iter::<Object<'_>>().filter_map(text);
            Some((both.next()?, both.next()?))
        })
        .collect();
    let shown = |value: &String| {
        pairs.iter().find(|(export, _)| export == value).map_or_else(|| value.clone(), |pair| pair.1.clone())
    };
    Some(chosen.iter().map(shown).collect::<Vec<_>>().join(", "))
}
