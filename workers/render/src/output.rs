//! Writes a typeset document: a PDF, on request to a standard and encrypted, or a picture of a page.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    panic::{self, AssertUnwindSafe},
};

use chrono::{Datelike, NaiveDate};
use ruche_schemas::{
    Failure,
    failure::codes,
    kinds::render::{Format, Options, Standard},
};
use typst::{
    diag::{SourceDiagnostic, SourceResult},
    foundations::{Datetime, Smart},
    utils::Scalar,
};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};
use typst_render::RenderOptions;

use crate::warnings::{SOURCE, Warnings};

/// The largest picture, in pixels.
const PIXELS: f64 = 60_000_000.0;
/// Per inch.
const POINTS: f64 = 72.0;

/// The document as bytes.
///
/// # Errors
/// When the document violates a requested standard, or is too large.
pub fn write(
    document: &PagedDocument,
    options: &Options,
    date: NaiveDate,
    warnings: &mut Warnings,
) -> Result<Vec<u8>, Failure> {
    match options.format {
        Format::Png => picture(document, options),
        Format::Pdf => {
            let bytes = pdf(document, options, date, warnings)?;
            match &options.password {
                Some(password) => encrypted(&bytes, &password.0),
                None => Ok(bytes),
            }
        }
    }
}

#[must_use]
pub fn datetime(date: NaiveDate) -> Option<Datetime> {
    let (month, day) = (u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
    Datetime::from_ymd(date.year(), month, day)
}

fn pdf(
    document: &PagedDocument,
    options: &Options,
    date: NaiveDate,
    warnings: &mut Warnings,
) -> Result<Vec<u8>, Failure> {
    let standards: Vec<PdfStandard> = options
        .standards
        .iter()
        .map(|standard| match standard {
            Standard::V17 => PdfStandard::V_1_7,
            Standard::V20 => PdfStandard::V_2_0,
            Standard::A2b => PdfStandard::A_2b,
            Standard::A3b => PdfStandard::A_3b,
            Standard::Ua1 => PdfStandard::Ua_1,
        })
        .collect();
    let at = |message: String| Failure::new(codes::STANDARD, message).with_param("options.standards");
    let standards = PdfStandards::new(&standards).map_err(|error| {
        let hints: Vec<String> = error.hints().iter().map(ToString::to_string).collect();
        at(std::iter::once(error.message().to_string()).chain(hints).collect::<Vec<_>>().join("; "))
    })?;
    let midnight = Datetime::from_ymd_hms(
        date.year(),
        u8::try_from(date.month()).unwrap_or(1),
        u8::try_from(date.day()).unwrap_or(1),
        0,
        0,
        0,
    );
    let mut pdf_options = PdfOptions {
        creator: Smart::Custom(Some("Ruche".to_owned())),
        timestamp: midnight.map(Timestamp::new_utc),
        standards,
        ..PdfOptions::default()
    };
    let mut written = export(document, &pdf_options);
    // Typst's tagging sometimes fails (for example when a link ends in a soft hyphen), with an error or a panic.
    // Write the document without tags then, unless they were requested.
    let is_bug = |error: &SourceDiagnostic| error.message.starts_with("internal error");
    let is_lost =
        written.as_ref().is_none_or(|written| written.as_ref().is_err_and(|errors| errors.iter().all(is_bug)));
    if is_lost && !options.standards.contains(&Standard::Ua1) {
        warnings.add(SOURCE, None, "is written without tags for screen readers: Typst could not order them");
        pdf_options.tagged = false;
        written = export(document, &pdf_options);
    }
    let broken = || Failure::new(codes::INTERNAL, "Typst could not write the document");
    written.ok_or_else(broken)?.map_err(|errors| {
        let errors: Vec<String> = errors.iter().take(10).map(with_hints).collect();
        at(errors.join("; "))
    })
}

/// `None` if Typst panicked.
fn export(document: &PagedDocument, options: &PdfOptions) -> Option<SourceResult<Vec<u8>>> {
    panic::catch_unwind(AssertUnwindSafe(|| typst_pdf::pdf(document, options))).ok()
}

pub fn with_hints(error: &SourceDiagnostic) -> String {
    let hints: Vec<String> = error.hints.iter().map(|hint| hint.v.to_string()).collect();
    match hints.is_empty() {
        true => error.message.to_string(),
        false => format!("{} ({})", error.message, hints.join("; ")),
    }
}

fn picture(document: &PagedDocument, options: &Options) -> Result<Vec<u8>, Failure> {
    let number = options.page.unwrap_or(1);
    let pages = document.pages();
    let index = NonZeroUsize::new(number as usize).map_or(0, |number| number.get() - 1);
    let page = pages.get(index).ok_or_else(|| {
        let message = format!("there is no page {number}: the document has {}", pages.len());
        Failure::new(codes::INVALID, message).with_param("options.page")
    })?;
    let scale = f64::from(options.ppi.unwrap_or(96)) / POINTS;
    let size = page.frame.size();
    let pixels = size.x.to_pt() * size.y.to_pt() * scale * scale;
    if pixels > PIXELS {
        let message =
            format!("the picture would have {pixels:.0} pixels, at most {PIXELS:.0} are allowed: ask for less");
        return Err(Failure::new(codes::TOO_COMPLEX, message).with_param("options.ppi"));
    }
    let render = RenderOptions { pixel_per_pt: Scalar::new(scale), ..RenderOptions::default() };
    let pixmap = typst_render::render(page, &render);
    pixmap
        .encode_png()
        .map_err(|error| Failure::new(codes::TOO_COMPLEX, format!("the picture can't be written: {error}")))
}

/// AES-256 (ISO 32000-2, revision 6). One password opens it, without further restrictions.
fn encrypted(bytes: &[u8], password: &str) -> Result<Vec<u8>, Failure> {
    use lopdf::{
        Document, EncryptionState, EncryptionVersion, Permissions,
        encryption::crypt_filters::{Aes256CryptFilter, CryptFilter},
    };
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(codes::INVALID, format!("the document can't be encrypted: {error}")).with_param("options.password")
    };
    let mut document = Document::load_mem(bytes).map_err(|error| failed(&error))?;
    let filter: std::sync::Arc<dyn CryptFilter> = std::sync::Arc::new(Aes256CryptFilter);
    let key: [u8; 32] = rand::random();
    let version = EncryptionVersion::V5 {
        encrypt_metadata: true,
        crypt_filters: BTreeMap::from([(b"StdCF".to_vec(), filter)]),
        file_encryption_key: &key,
        stream_filter: b"StdCF".to_vec(),
        string_filter: b"StdCF".to_vec(),
        owner_password: password,
        user_password: password,
        permissions: Permissions::all(),
    };
    let state = EncryptionState::try_from(version).map_err(|error| failed(&error))?;
    document.encrypt(&state).map_err(|error| failed(&error))?;
    let mut out = Vec::with_capacity(bytes.len() + 4096);
    document.save_to(&mut out).map_err(|error| failed(&error))?;
    Ok(out)
}
