//! Pages with ordinary CSS have their words where a browser prints them.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test --release -p ruche-render --test render browser` prints the same HTML with Chromium, and
//! writes where its words are. `RUCHE_LOOK=folder` keeps both PDF files, to look at them side by side.

use std::{collections::HashMap, env, fmt::Write, fs, path::Path, process::Command};

use ruche_render::markdown::to_html;

use super::seen::{Area, Seen, Word, file, job, printed, seen};

/// How far a word may be from the browser's place, as a part of the page's width and height.
const TOLERANCE: f64 = 0.05;
/// The words that are compared, of each document.
const ANCHORS: usize = 20;
const FONTS: [&str; 3] = ["LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf", "LiberationSans-Italic.ttf"];

fn ours(folder: &Path, name: &str) -> Seen {
    let read = |ending: &str| fs::read_to_string(folder.join(format!("{name}.{ending}"))).expect("a document");
    let mut job = job(&read("md"), &read("css"));
    let fonts = folder.join("../../fonts");
    job.files = FONTS.iter().map(|font| file(font, fs::read(fonts.join(font)).expect("a font"))).collect();
    seen(&job)
}

/// Chromium's print of the same document.
fn theirs(folder: &Path, name: &str) -> Vec<u8> {
    let place = tempfile::tempdir().expect("a folder");
    for font in FONTS {
        fs::copy(folder.join("../../fonts").join(font), place.path().join(font)).expect("copied");
    }
    let read = |ending: &str| fs::read_to_string(folder.join(format!("{name}.{ending}"))).expect("a document");
    let (html, pdf) = (place.path().join("page.html"), place.path().join("page.pdf"));
    let text = format!("<!DOCTYPE html><meta charset=utf-8><style>{}</style>{}", read("css"), to_html(&read("md")));
    fs::write(&html, text).expect("written");
    let print = format!("--print-to-pdf={}", pdf.display());
    let ran = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", &print])
        .arg(&html)
        .output()
        .unwrap_or_else(|error| panic!("chromium: {error}"));
    fs::read(&pdf).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&ran.stderr)))
}

/// Words that are there once and long enough to be found, spread over the document.
fn anchors(words: &[Word]) -> Vec<&Word> {
    let mut count: HashMap<&str, usize> = HashMap::new();
    words.iter().for_each(|word| *count.entry(&word.text).or_default() += 1);
    let is_anchor = |word: &&Word| word.text.chars().count() > 3 && count[&*word.text] == 1;
    let found: Vec<&Word> = words.iter().filter(is_anchor).collect();
    assert!(found.len() >= ANCHORS, "{} words", found.len());
    (0..ANCHORS).map(|i| found[i * (found.len() - 1) / (ANCHORS - 1)]).collect()
}

fn compare(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let places = folder.join(format!("{name}.txt"));
    let ours = ours(&folder, name);
    if env::var_os("UPDATE_SNAPSHOTS").is_some() {
        let pdf = theirs(&folder, name);
        if let Ok(look) = env::var("RUCHE_LOOK") {
            fs::write(format!("{look}/{name}-browser.pdf"), &pdf).expect("written");
            fs::write(format!("{look}/{name}-ours.pdf"), &ours.output.bytes).expect("written");
        }
        let (pages, words) = printed(&pdf);
        let mut text = String::new();
        for Word { text: word, area } in anchors(&words) {
            let Area { page, left, top, .. } = *area;
            let (wide, high) = (pages[page].right, pages[page].bottom);
            let _ = writeln!(text, "{word} {page} {:.4} {:.4}", left / wide, top / high);
        }
        fs::write(&places, text).expect("written");
    }
    let mut wrong = Vec::new();
    for line in fs::read_to_string(&places).expect("the browser's places").lines() {
        let mut parts = line.split(' ');
        let word = parts.next().expect("a word");
        let mut number = || parts.next().and_then(|part| part.parse::<f64>().ok()).expect("a number");
        let (page, left, top) = (number(), number(), number());
        let found: Vec<Area> = ours.words.iter().filter(|shown| shown.text == word).map(|shown| shown.area).collect();
        let [area] = found[..] else {
            wrong.push(format!("{word}: there {} times", found.len()));
            continue;
        };
        let (wide, high) = (ours.pages[area.page].right, ours.pages[area.page].bottom);
        let (x, y) = (area.left / wide - left, area.top / high - top);
        #[allow(clippy::cast_precision_loss)]
        let is_near = area.page as f64 == page && x.abs() <= TOLERANCE && y.abs() <= TOLERANCE;
        if !is_near {
            wrong.push(format!(
                "{word}: page {} for {page}, {:.1} % right, {:.1} % below",
                area.page,
                x * 100.0,
                y * 100.0
            ));
        }
    }
    assert!(wrong.is_empty(), "{name}:\n{}\n{}", wrong.join("\n"), ours.warnings());
    assert!(ours.warnings().is_empty(), "{name}: {}", ours.warnings());
}

#[test]
fn an_invoice_is_set_as_a_browser_prints_it() {
    compare("invoice");
}

#[test]
fn a_curriculum_vitae_is_set_as_a_browser_prints_it() {
    compare("cv");
}

#[test]
fn a_report_is_set_as_a_browser_prints_it() {
    compare("report");
}
