//! Reads the pages of a PDF.

use hayro_interpret::{
    Context, InterpreterCache,
    hayro_syntax::{LoadPdfError, Pdf, page::Page},
    interpret_page,
};
use kurbo::{Affine, Rect};

use super::{
    continued::continue_on_page,
    fonts, forms, legible,
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
/// A file with a larger part of words whose letters are not known is refused.
const ILLEGIBLE: f64 = 0.5;
const UNKNOWN: &str = "its fonts do not tell which letters their glyphs are. Recognize the text first (OCR)";
/// Longest title, in characters.
const TITLE: usize = 300;
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
    let (illegible, share) = legible::remove(&mut pages);
    if share > ILLEGIBLE {
        return Err(if is_cut(bytes) { cut_off() } else { UNKNOWN.to_owned() });
    }
    let with_text = |pages: &[Vec<Word>]| pages.iter().filter(|words| !words.is_empty()).count();
    match (pages.len(), with_text(&pages)) {
        (_, 0) if is_locked => return Err(encrypted()),
        (_, 0) if is_cut(bytes) => return Err(cut_off()),
        (0, _) => return Err("the PDF has no pages".to_owned()),
        (count, 0) => {
            let none = if count == 1 {
                "its page has no text".to_owned()
            } else {
                format!("none of its {count} pages has text")
            };
            return Err(format!(
                "{none}: it holds pictures of text, as scanners make them. Recognize the text first (OCR)"
            ));
        }
        _ => {}
    }
    running::remove(&mut pages);
    let scanned =
        pages.iter().zip(&seen).enumerate().filter(|(_, (words, seen))| words.is_empty() && seen.may_hold_text());
    let scanned: Vec<usize> = scanned.map(|(index, _)| index + 1).filter(|page| !illegible.contains(page)).collect();
    let lines = pages.into_iter().zip(&seen).fold(Vec::new(), |mut before, (words, seen)| {
        let mut page = lines(words, &seen.rules);
        continue_on_page(&before, &mut page);
        before.append(&mut page);
        before
    });
    if lines.iter().map(|line| line.text.len()).sum::<usize>() > MAX_TEXT_BYTES {
        return Err(format!("it has more than {MAX_TEXT_BYTES} bytes of text: divide it"));
    }
    let markdown = markdown(&lines);
    let title = pdf.metadata().title.as_deref().and_then(title).map(|title| titled(title, &markdown));
    let mut warnings: Vec<String> = warning(&scanned).into_iter().collect();
    if let Some(listed) = listed(&illegible) {
        warnings.push(format!(
            "text on {listed} was left out: its fonts do not tell which letters their glyphs are; recognize it first (OCR)"
        ));
    }
    if is_cut(bytes) {
        warnings.push("the end of the PDF is missing: if the file is cut off, so are its last pages".to_owned());
    }
    Ok(Extracted { title, markdown, warnings })
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
    (!is_none).then(|| title.chars().take(TITLE).collect())
}

/// Kinds of files that programs name as the title of the PDF they make.
const KINDS: [&str; 12] = ["html", "htm", "md", "txt", "doc", "docx", "odt", "rtf", "tex", "dvi", "indd", "xhtml"];

/// The first heading instead of a title that is the name of a file.
fn titled(title: String, markdown: &str) -> String {
    let kind = title.rsplit_once('.').map(|(_, kind)| kind.to_ascii_lowercase());
    let heading = markdown.lines().find_map(|line| line.strip_prefix("# ")).map(str::trim);
    match heading {
        Some(heading) if kind.is_some_and(|kind| KINDS.contains(&kind.as_str())) => {
            heading.chars().take(TITLE).collect()
        }
        _ => title,
    }
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
    let listed = listed(pages)?;
    Some(match pages.len() {
        1 => format!("no text on {listed}: it may be scanned; recognize its text first (OCR)"),
        _ => format!("no text on {listed}: they may be scanned; recognize their text first (OCR)"),
    })
}

/// The numbers of pages in ranges: `page 2`, `pages 2, 4-7`.
fn listed(pages: &[usize]) -> Option<String> {
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
    let pages_are = if pages.len() == 1 { "page" } else { "pages" };
    (!pages.is_empty()).then(|| format!("{pages_are} {listed}{more}"))
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
    fn the_name_of_a_file_is_no_title_beside_a_heading() {
        assert_eq!(titled("cols.html".to_owned(), "Ann\n\n# Of bees\n"), "Of bees");
        assert_eq!(titled("cols.html".to_owned(), "Ann\n"), "cols.html");
        assert_eq!(titled("Node.js".to_owned(), "# Of bees\n"), "Node.js");
    }

    #[test]
    fn pages_without_text_are_listed_in_ranges() {
        assert_eq!(warning(&[]), None);
        let message = |pages: &[usize]| warning(pages).unwrap_or_default();
        assert!(message(&[2]).starts_with("no text on page 2: it may be scanned"));
        assert!(message(&[3, 7]).starts_with("no text on pages 3, 7: they may be scanned"));
        assert!(message(&[1, 2, 3, 9]).starts_with("no text on pages 1-3, 9:"));
        let many: Vec<usize> = (1..=100).map(|page| page * 2).collect();
        assert!(message(&many).contains("38, 40 and others:"));
    }
}
