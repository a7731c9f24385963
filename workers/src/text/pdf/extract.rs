//! Reads the pages of a PDF.

use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId, content::Content, decode_text_string};

use super::{
    fonts::Fonts,
    lines::{Line, markdown},
    pen::Pen,
};
use crate::text::extracted::{Extracted, MAX_TEXT_BYTES};

/// Limit of a decompressed stream, in bytes.
const STREAM_BYTES: usize = 64 << 20;
/// Limit of nested forms.
const FORMS: usize = 6;
/// Further pages are not read.
const PAGES: usize = 20_000;

/// Converts a PDF to Markdown. The error explains to the sender why there is no text.
pub(crate) fn extract(bytes: &[u8]) -> Result<Extracted, String> {
    let options = LoadOptions { max_decompressed_size: Some(STREAM_BYTES), ..LoadOptions::default() };
    // An encrypted file fails in many ways.
    let is_locked = bytes.windows(8).any(|window| window == b"/Encrypt");
    let document = Document::load_mem_with_options(bytes, options).map_err(|error| match is_locked {
        true => encrypted(),
        false => format!("the PDF is broken ({error})"),
    })?;
    if document.is_encrypted() {
        return Err(encrypted());
    }
    let mut reader = Reader { document: &document, lines: Vec::new(), bytes: 0 };
    let (mut pages, mut empty) = (0_usize, 0_usize);
    for page in document.page_iter().take(PAGES) {
        pages += 1;
        let before = reader.bytes;
        reader.page(page)?;
        empty += usize::from(reader.bytes == before);
    }
    match (pages, pages - empty) {
        _ if is_locked && pages == empty => return Err(encrypted()),
        (0, _) => return Err("the PDF has no pages".to_owned()),
        (_, 0) => {
            return Err(format!(
                "none of its {pages} pages has text: it holds pictures of text, as scanners make them. Recognize the text \
                 first (OCR)"
            ));
        }
        _ => {}
    }
    let mut warnings = Vec::new();
    if empty > 0 {
        warnings.push(format!("{empty} of {pages} pages have no text: pictures are not read"));
    }
    Ok(Extracted { title: title(&document), markdown: markdown(&reader.lines), warnings })
}

fn encrypted() -> String {
    "the PDF is encrypted: send it without a password".to_owned()
}

fn title(document: &Document) -> Option<String> {
    let info = document.trailer.get_deref(b"Info", document).ok()?.as_dict().ok()?;
    let title = decode_text_string(info.get_deref(b"Title", document).ok()?).ok()?;
    let title = title.replace('\0', " ").split_whitespace().collect::<Vec<_>>().join(" ");
    (!title.is_empty()).then(|| title.chars().take(300).collect())
}

struct Reader<'a> {
    document: &'a Document,
    lines: Vec<Line>,
    bytes: usize,
}

impl<'a> Reader<'a> {
    /// Reads a page; a broken one yields the text read so far.
    fn page(&mut self, page: ObjectId) -> Result<(), String> {
        let Ok(content) = self.document.get_page_content_with_limit(page, STREAM_BYTES) else { return Ok(()) };
        let mut resources = Vec::new();
        if let Ok((own, others)) = self.document.get_page_resources(page) {
            resources.extend(own);
            resources.extend(others.iter().filter_map(|id| self.document.get_dictionary(*id).ok()));
        }
        let mut pen = Pen::default();
        self.draw(&content, &resources, &mut pen, 0);
        let lines = pen.lines();
        self.bytes += lines.iter().map(|line| line.text.len()).sum::<usize>();
        self.lines.extend(lines);
        match self.bytes > MAX_TEXT_BYTES {
            true => Err(format!("it has more than {MAX_TEXT_BYTES} bytes of text: divide it")),
            false => Ok(()),
        }
    }

    fn draw(&self, content: &[u8], resources: &[&'a Dictionary], pen: &mut Pen, depth: usize) {
        let Ok(content) = Content::decode(content) else { return };
        let mut fonts = Fonts::new(self.document, resources);
        for operation in &content.operations {
            if pen.is_full() {
                return;
            }
            if operation.operator == "Do" {
                self.form(operation.operands.first(), resources, pen, depth);
            } else {
                pen.step(&operation.operator, &operation.operands, &mut fonts);
            }
        }
    }

    /// A form XObject: a drawing within a drawing.
    fn form(&self, name: Option<&Object>, resources: &[&'a Dictionary], pen: &mut Pen, depth: usize) {
        let Some(name) = name.and_then(|name| name.as_name().ok()).filter(|_| depth < FORMS) else { return };
        let found = resources.iter().find_map(|resources| {
            let all = resources.get_deref(b"XObject", self.document).ok()?.as_dict().ok()?;
            all.get_deref(name, self.document).ok()?.as_stream().ok()
        });
        let Some(form) = found else { return };
        if form.dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|subtype| subtype == b"Form")
            && let Ok(content) = form.decompressed_content_with_limit(STREAM_BYTES)
        {
            let own = form.dict.get_deref(b"Resources", self.document).and_then(Object::as_dict).ok();
            let resources: Vec<&Dictionary> = own.into_iter().chain(resources.iter().copied()).collect();
            pen.within(form.dict.get_deref(b"Matrix", self.document).ok(), |pen| {
                self.draw(&content, &resources, pen, depth + 1);
            });
        }
    }
}
