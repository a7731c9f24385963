//! Reads the pages of a PDF.

use hayro_interpret::{
    Context, InterpreterCache,
    hayro_syntax::{LoadPdfError, Pdf, page::Page},
    interpret_page,
};
use kurbo::{Affine, Rect};

use super::{
    continued::continue_on_page,
    fonts, forms,
    lines::markdown,
    pages::lines,
    pen::{Pen, Seen},
    running, strings, type_3,
    words::Word,
};
use crate::text::extracted::{Extracted, MAX_TEXT_BYTES};

/// Further pages are not read.
const PAGES: usize = 20_000;
/// Limit of the words of a document: each takes a hundred bytes while it is read.
const WORDS: usize = 4_000_000;
/// The last bytes of a file that have the mark of its end.
const END: usize = 4 << 10;
/// Ranges of pages that a warning lists.
const LISTED: usize = 20;

/// Converts a PDF to Markdown. The error explains to the sender why there is no text.
pub(crate) fn extract(bytes: &[u8]) -> Result<Extracted, String> {
    let is_locked = bytes.windows(8).any(|window| window == b"/Encrypt");
    let pdf = Pdf::new(bytes.to_vec()).map_err(|error| match error {
        LoadPdfError::Invalid if !is_locked && is_cut(bytes) => cut_off(),
        LoadPdfError::Invalid if !is_locked => "the PDF is broken: its pages can't be found".to_owned(),
        _ => encrypted(),
    })?;
    let (mut pages, mut seen) = read(&pdf)?;
    if seen.iter().any(|seen| seen.glyphs)
        && !is_locked
        && let Some(Ok(named)) = type_3::named(&pdf, bytes).map(Pdf::new)
    {
        (pages, seen) = read(&named)?;
    }
    let with_text = |pages: &[Vec<Word>]| pages.iter().filter(|words| !words.is_empty()).count();
    match (pages.len(), with_text(&pages)) {
        (_, 0) if is_locked => return Err(encrypted()),
        (_, 0) if is_cut(bytes) => return Err(cut_off()),
        (0, _) => return Err("the PDF has no pages".to_owned()),
        (count, 0) => {
            return Err(format!(
                "none of its {count} pages has text: it holds pictures of text, as scanners make them. Recognize the text \
                 first (OCR)"
            ));
        }
        _ => {}
    }
    running::remove(&mut pages);
    let scanned =
        pages.iter().zip(&seen).enumerate().filter(|(_, (words, seen))| words.is_empty() && seen.may_hold_text());
    let scanned: Vec<usize> = scanned.map(|(index, _)| index + 1).collect();
    let grids = seen.iter().map(|seen| seen.rules.grids());
    let lines = pages.into_iter().zip(grids).fold(Vec::new(), |mut before, (words, grids)| {
        let mut page = lines(words, &grids);
        continue_on_page(&before, &mut page);
        before.append(&mut page);
        before
    });
    if lines.iter().map(|line| line.text.len()).sum::<usize>() > MAX_TEXT_BYTES {
        return Err(format!("it has more than {MAX_TEXT_BYTES} bytes of text: divide it"));
    }
    let title = pdf.metadata().title.as_deref().and_then(title);
    let mut warnings: Vec<String> = warning(&scanned).into_iter().collect();
    if is_cut(bytes) {
        warnings.push("the end of the PDF is missing: if the file is cut off, so are its last pages".to_owned());
    }
    Ok(Extracted { title, markdown: markdown(&lines), warnings })
}

/// Whether a file has no mark of its end. Some programs write more behind it.
fn is_cut(bytes: &[u8]) -> bool {
    !bytes[bytes.len().saturating_sub(END)..].windows(5).any(|window| window == b"%%EOF")
}

fn cut_off() -> String {
    "the PDF is broken or cut off: its end is missing. Send the whole file".to_owned()
}

fn encrypted() -> String {
    "the PDF is encrypted: send it without a password".to_owned()
}

/// Programs that are given no title write a word for none: so the document has none.
const NO_TITLES: [&str; 4] = ["untitled", "(untitled)", "untitled document", "no title"];

fn title(bytes: &[u8]) -> Option<String> {
    let title = strings::decode(bytes).replace('\0', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    let is_none = title.is_empty() || NO_TITLES.contains(&title.to_lowercase().as_str());
    (!is_none).then(|| title.chars().take(300).collect())
}

/// The words of each page, and what else it shows.
pub(super) fn read(pdf: &Pdf) -> Result<(Vec<Vec<Word>>, Vec<Seen>), String> {
    let settings = fonts::settings();
    let cache = InterpreterCache::new();
    let (mut pages, mut all_seen, mut count) = (Vec::new(), Vec::new(), 0);
    let mut pen = Pen::default();
    for page in pdf.pages().iter().take(PAGES) {
        let (width, height) = page.render_dimensions();
        pen.turn((f64::from(width), f64::from(height)), WORDS - count);
        let transform = upright(page);
        let bounds = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
        let mut context = Context::new(transform, bounds, &cache, pdf.xref(), settings.clone());
        interpret_page(page, &mut context, &mut pen);
        forms::write(page, transform, &mut pen);
        if pen.is_full() {
            return Err(format!("it has more than {WORDS} words: divide it"));
        }
        let (words, seen) = pen.finish();
        count += words.len();
        pages.push(words);
        all_seen.push(seen);
    }
    Ok((pages, all_seen))
}

/// From the page's own coordinates to those of the page as it is shown: rotated, from the upper left corner downwards.
fn upright(page: &Page<'_>) -> Affine {
    Affine::new(page.initial_transform(true).as_coeffs())
}

/// Which pages hold pictures but no text.
fn warning(pages: &[usize]) -> Option<String> {
    let ranges: Vec<String> = pages
        .chunk_by(|page, next| page + 1 == *next)
        .filter_map(|range| match range {
            [] => None,
            [one] => Some(one.to_string()),
            [first, .., last] => Some(format!("{first}-{last}")),
        })
        .collect();
    let more = if ranges.len() > LISTED { " and others" } else { "" };
    let listed = ranges.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let warning = format!("no text on pages {listed}{more}: they may be scanned; recognize their text first (OCR)");
    (!pages.is_empty()).then_some(warning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_for_no_title_is_none() {
        assert_eq!(title(b" Untitled\nbees "), Some("Untitled bees".to_owned()));
        for none in [&b""[..], b"untitled", b"(Untitled)", b"Untitled  Document", b"\xfe\xff\0u\0n\0t\0i\0t\0l\0e\0d"] {
            assert_eq!(title(none), None, "{none:?}");
        }
    }

    #[test]
    fn pages_without_text_are_listed_in_ranges() {
        assert_eq!(warning(&[]), None);
        let message = |pages: &[usize]| warning(pages).unwrap_or_default();
        assert!(message(&[3, 7]).starts_with("no text on pages 3, 7: they may be scanned"));
        assert!(message(&[1, 2, 3, 9]).starts_with("no text on pages 1-3, 9:"));
        let many: Vec<usize> = (1..=100).map(|page| page * 2).collect();
        assert!(message(&many).contains("38, 40 and others:"));
    }
}
