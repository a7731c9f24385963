//! qpdf and MuPDF find nothing wrong with a document that has every feature, in every supported standard, and with a
//! password.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Output},
};

use ruche_render::{Renderer, Resources};
use ruche_schemas::{
    Base64,
    kinds::render::{File, Options, Password, Render, Standard},
};

const FEATURES: &str = include_str!("features.md");
const CSS: &str = "
    @page { size: A5; margin: 18mm 15mm; @bottom-center { content: counter(page) \" of \" counter(pages) } }
    .note { background: #eef; padding: 4pt; border-radius: 3pt }
    .box { border: 1pt solid gray; columns: 2 }
    tr:nth-child(even) { background: #f6f6f6 }";
/// Debian's MuPDF 1.21, built without colour profiles, prints these about itself and about coloured glyphs (emoji);
/// 1.28 prints nothing.
const WITHOUT_PROFILES: [&str; 3] = [
    "ICC support is not available",
    "error: color destination requires source color",
    "warning: Ignoring error during interpretation",
];
const PASSWORD: &str = "tree & bee";

fn features(standards: &[Standard]) -> Render {
    let file = |name: &str, content: Vec<u8>| File { name: name.to_owned(), content: Base64(content) };
    Render {
        markdown: FEATURES.to_owned(),
        css: CSS.to_owned(),
        files: vec![file("img/dot.png", png()), file("data.csv", b"a,b\n1,2\n".to_vec())],
        options: Options {
            standards: standards.iter().copied().collect::<BTreeSet<_>>(),
            date: "2026-11-26".parse().ok(),
            ..Options::default()
        },
        ..Render::default()
    }
}

fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbaImage::from_fn(24, 16, |x, y| image::Rgba([200, 150, 0, if x > y { 255 } else { 90 }]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("a picture");
    bytes.into_inner()
}

fn rendered(job: &Render) -> Vec<u8> {
    let output = Renderer::new().render(job, &Resources::default()).expect("a document");
    let warnings: Vec<String> = output.warnings.iter().map(ToString::to_string).collect();
    assert!(warnings.is_empty(), "all of it has an effect: {warnings:#?}");
    output.bytes
}

fn ran(program: &str, arguments: &[&str], file: &Path) -> Output {
    let run = Command::new(program).args(arguments).arg(file).output();
    run.unwrap_or_else(|error| panic!("{program}: {error}; `make setup` installs it"))
}

/// Both read the file without a complaint.
fn check(pdf: &[u8], password: Option<&str>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("document.pdf");
    fs::write(&path, pdf).expect("written");
    let given = password.map(|password| format!("--password={password}"));
    let arguments: Vec<&str> = given.as_deref().into_iter().chain(["--check"]).collect();
    let qpdf = ran("qpdf", &arguments, &path);
    let output = String::from_utf8_lossy(&qpdf.stdout).into_owned() + &String::from_utf8_lossy(&qpdf.stderr);
    // 3 is "with warnings".
    assert_eq!(qpdf.status.code(), Some(0), "{output}");
    let out = folder.path().join("page-%d.png");
    let given = password.map(|password| ["-p", password]);
    let arguments: Vec<&str> = std::iter::once("draw").chain(given.into_iter().flatten()).collect();
    let arguments = [&*arguments, &["-o", out.to_str().expect("UTF-8")]].concat();
    let mutool = ran("mutool", &arguments, &path);
    let output = String::from_utf8_lossy(&mutool.stderr).into_owned();
    assert!(mutool.status.success(), "{output}");
    let complains = |line: &&str| line.contains("error") || line.contains("warning");
    let known = |line: &&str| WITHOUT_PROFILES.iter().any(|known| line.ends_with(known));
    let complaints: Vec<&str> = output.lines().filter(complains).filter(|line| !known(line)).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    assert!(folder.path().join("page-2.png").exists(), "more than one page is drawn: {output}");
}

/// Whether the PDF has this in plain text, as metadata does.
fn says(pdf: &[u8], text: &str) -> bool {
    pdf.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_pdf_of_either_version_carries_attachments_and_is_sound() {
    for (standard, header) in [(Standard::V17, "%PDF-1.7"), (Standard::V20, "%PDF-2.0")] {
        let mut job = features(&[standard]);
        job.options.attach = vec!["data.csv".to_owned()];
        let pdf = rendered(&job);
        assert!(pdf.starts_with(header.as_bytes()), "{standard:?}");
        check(&pdf, None);
    }
}

#[test]
fn a_pdf_for_archives_says_so_and_is_sound() {
    for (standard, part) in [(Standard::A2b, "2"), (Standard::A3b, "3")] {
        let mut job = features(&[standard]);
        if standard == Standard::A3b {
            job.options.attach = vec!["data.csv".to_owned()];
        }
        let pdf = rendered(&job);
        assert!(says(&pdf, &format!("<pdfaid:part>{part}</pdfaid:part>")), "{standard:?}");
        check(&pdf, None);
    }
}

#[test]
fn a_pdf_for_everybody_says_so_and_is_sound() {
    let pdf = rendered(&features(&[Standard::Ua1]));
    assert!(says(&pdf, "<pdfuaid:part>1</pdfuaid:part>"));
    check(&pdf, None);
}

#[test]
fn standards_add_up() {
    let pdf = rendered(&features(&[Standard::A2b, Standard::Ua1]));
    assert!(says(&pdf, "<pdfaid:part>2</pdfaid:part>") && says(&pdf, "<pdfuaid:part>1</pdfuaid:part>"));
    check(&pdf, None);
}

#[test]
fn a_pdf_with_a_password_opens_with_it_and_only_with_it() {
    for standards in [&[][..], &[Standard::V20]] {
        let mut job = features(standards);
        job.options.password = Some(Password(PASSWORD.to_owned()));
        let pdf = rendered(&job);
        check(&pdf, Some(PASSWORD));
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("document.pdf");
        fs::write(&path, &pdf).expect("written");
        let refused = ran("qpdf", &["--password=another", "--check"], &path);
        assert!(String::from_utf8_lossy(&refused.stderr).contains("invalid password"), "{refused:?}");
        let shown = ran("qpdf", &[&*format!("--password={PASSWORD}"), "--show-encryption"], &path);
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        assert!(shown.contains("R = 6") && shown.contains("AESv3"), "AES-256 of ISO 32000-2: {shown}");
        assert!(!says(&pdf, "Ada Example"), "metadata are encrypted too");
    }
}
