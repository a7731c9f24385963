//! What a PDF shows and where: words by poppler's `pdftotext -bbox`, grounds, lines and pictures by MuPDF's `mutool
//! trace`. All in points from the page's upper left.

use std::{fs, process::Command};

use ruche_render::{Output, Renderer, Resources};
use ruche_schemas::{
    Base64,
    kinds::render::{File, Render},
};

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub page: usize,
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Area {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// But for half a point.
    pub fn holds(&self, other: &Self) -> bool {
        self.page == other.page
            && other.left > self.left - 0.5
            && other.top > self.top - 0.5
            && other.right < self.right + 0.5
            && other.bottom < self.bottom + 0.5
    }
}

#[derive(Debug, Clone)]
pub struct Word {
    pub text: String,
    pub area: Area,
}

/// A filled or stroked path.
#[derive(Debug, Clone)]
pub struct Shape {
    /// Red, green, blue, 0 to 255.
    pub color: [u8; 3],
    pub is_line: bool,
    pub area: Area,
}

#[derive(Debug)]
pub struct Seen {
    pub output: Output,
    pub pages: Vec<Area>,
    pub words: Vec<Word>,
    pub shapes: Vec<Shape>,
    pub pictures: Vec<Area>,
    /// The colours of texts, with their texts.
    pub texts: Vec<([u8; 3], String)>,
    /// The fonts of texts, with their texts.
    pub fonts: Vec<(String, String)>,
}

pub fn job(markdown: &str, css: &str) -> Render {
    Render { markdown: markdown.to_owned(), css: css.to_owned(), ..Render::default() }
}

pub fn file(name: &str, content: Vec<u8>) -> File {
    File { name: name.to_owned(), content: Base64(content) }
}

/// A PNG of one colour.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(width, height, image::Rgb([200, 150, 0]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("a picture");
    bytes.into_inner()
}

pub fn seen(job: &Render) -> Seen {
    let output = Renderer::new().render(job, &Resources::default()).unwrap_or_else(|failure| panic!("{failure}"));
    let (pages, words) = printed(&output.bytes);
    let mut seen =
        Seen { output, pages, words, shapes: Vec::new(), pictures: Vec::new(), texts: Vec::new(), fonts: Vec::new() };
    trace(&run(&seen.output.bytes, "mutool", &["trace"], None), &mut seen);
    seen
}

/// The pages and words of a PDF.
pub fn printed(pdf: &[u8]) -> (Vec<Area>, Vec<Word>) {
    words(&run(pdf, "pdftotext", &["-bbox"], Some("-")))
}

pub fn run(pdf: &[u8], program: &str, arguments: &[&str], last: Option<&str>) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("seen.pdf");
    fs::write(&path, pdf).expect("written");
    let ran = Command::new(program).args(arguments).arg(&path).args(last).output();
    let ran = ran.unwrap_or_else(|error| panic!("{program}: {error}; `make setup` installs it"));
    assert!(ran.status.success(), "{program}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

/// The opacities with which a PDF draws texts, pictures, lines and grounds.
pub fn alphas(pdf: &[u8]) -> Vec<f64> {
    let xml = run(pdf, "mutool", &["trace"], None);
    let drawn = xml.lines().map(str::trim).filter(|line| line.starts_with("<fill_") || line.starts_with("<stroke_"));
    drawn.filter_map(|line| number(line, "alpha")).collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let from = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    tag.get(from..from + tag.get(from..)?.find('"')?)
}

fn number(tag: &str, name: &str) -> Option<f64> {
    attribute(tag, name)?.parse().ok()
}

fn plain(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'").replace("&amp;", "&")
}

fn words(xml: &str) -> (Vec<Area>, Vec<Word>) {
    let (mut pages, mut words) = (Vec::new(), Vec::new());
    for line in xml.lines().map(str::trim) {
        if line.starts_with("<page") {
            let side = |name| number(line, name).expect("a size");
            pages.push(Area { page: pages.len(), left: 0.0, top: 0.0, right: side("width"), bottom: side("height") });
        } else if line.starts_with("<word") {
            let side = |name| number(line, name).expect("a place");
            let area = Area {
                page: pages.len() - 1,
                left: side("xMin"),
                top: side("yMin"),
                right: side("xMax"),
                bottom: side("yMax"),
            };
            let text = line.split('>').nth(1).and_then(|rest| rest.split("</word").next()).unwrap_or_default();
            words.push(Word { text: plain(text), area });
        }
    }
    (pages, words)
}

fn color(tag: &str) -> [u8; 3] {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let parts: Vec<u8> = attribute(tag, "color")
        .unwrap_or("0")
        .split(' ')
        .filter_map(|part| part.parse::<f64>().ok())
        .map(|part| (part * 255.0).round() as u8)
        .collect();
    match parts[..] {
        [red, green, blue] => [red, green, blue],
        [gray, ..] => [gray; 3],
        [] => [0; 3],
    }
}

fn matrix(tag: &str) -> [f64; 6] {
    let parts: Vec<f64> =
        attribute(tag, "transform").unwrap_or_default().split(' ').filter_map(|part| part.parse().ok()).collect();
    parts.try_into().unwrap_or([1.0, 0.0, 0.0, 1.0, 0.0, 0.0])
}

/// The area of points under a transformation.
fn area(page: usize, points: &[(f64, f64)], [a, b, c, d, e, f]: [f64; 6]) -> Area {
    let mut area = Area { page, left: f64::MAX, top: f64::MAX, right: f64::MIN, bottom: f64::MIN };
    for (x, y) in points {
        let (x, y) = (a * x + c * y + e, b * x + d * y + f);
        (area.left, area.right) = (area.left.min(x), area.right.max(x));
        (area.top, area.bottom) = (area.top.min(y), area.bottom.max(y));
    }
    area
}

fn trace(xml: &str, seen: &mut Seen) {
    let mut page = 0;
    let mut path: Option<(String, Vec<(f64, f64)>)> = None;
    let mut text: Option<([u8; 3], String)> = None;
    for line in xml.lines().map(str::trim) {
        if line.starts_with("<page") {
            page = number(line, "number").map_or(0, |number| number as usize - 1);
        } else if line.starts_with("<fill_path") || line.starts_with("<stroke_path") {
            path = Some((line.to_owned(), Vec::new()));
        } else if line.starts_with("</fill_path") || line.starts_with("</stroke_path") {
            if let Some((tag, points)) = path.take() {
                let area = area(page, &points, matrix(&tag));
                seen.shapes.push(Shape { color: color(&tag), is_line: tag.starts_with("<stroke"), area });
            }
        } else if line.starts_with("<fill_image") {
            seen.pictures.push(area(page, &[(0.0, 0.0), (1.0, 1.0)], matrix(line)));
        } else if line.starts_with("<fill_text") {
            text = Some((color(line), String::new()));
        } else if line.starts_with("</fill_text") {
            seen.texts.extend(text.take());
        } else if line.starts_with("<span") {
            seen.fonts.push((attribute(line, "font").unwrap_or_default().to_owned(), String::new()));
        } else if let (Some((_, text)), true) = (&mut text, line.starts_with("<g ")) {
            let letter = plain(attribute(line, "unicode").unwrap_or_default());
            text.push_str(&letter);
            seen.fonts.last_mut().expect("a font").1.push_str(&letter);
        } else if let Some((_, points)) = &mut path {
            for (x, y) in [("x", "y"), ("x1", "y1"), ("x2", "y2"), ("x3", "y3")] {
                points.extend(number(line, x).zip(number(line, y)));
            }
        }
    }
}

impl Seen {
    /// The first word that contains this.
    pub fn word(&self, text: &str) -> &Word {
        self.words
            .iter()
            .find(|word| word.text.contains(text))
            .unwrap_or_else(|| panic!("no {text:?} in {}", self.text()))
    }

    /// All words, with spaces.
    pub fn text(&self) -> String {
        self.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// All words in the order of the pages, without spaces and marks of lines that go on.
    pub fn letters(&self) -> String {
        self.words.iter().flat_map(|word| word.text.chars()).filter(|c| *c != '\u{21aa}').collect()
    }

    /// The colour of the first text that contains this.
    pub fn color(&self, text: &str) -> [u8; 3] {
        let found = self.texts.iter().find(|(_, shown)| shown.contains(text));
        found.unwrap_or_else(|| panic!("no {text:?} in {:?}", self.texts)).0
    }

    /// The grounds of a colour.
    pub fn grounds(&self, color: [u8; 3]) -> Vec<Area> {
        self.shapes.iter().filter(|shape| shape.color == color && !shape.is_line).map(|shape| shape.area).collect()
    }

    /// Lines and grounds of a colour.
    pub fn drawn(&self, color: [u8; 3]) -> Vec<Area> {
        self.shapes.iter().filter(|shape| shape.color == color).map(|shape| shape.area).collect()
    }

    pub fn warnings(&self) -> String {
        self.output.warnings.iter().map(|warning| format!("{warning}\n")).collect()
    }

    /// Two words of which one covers a good part of the other.
    pub fn overlapping(&self) -> Option<(&Word, &Word)> {
        let mut words: Vec<&Word> = self.words.iter().collect();
        words.sort_by(|one, other| {
            (one.area.page, one.area.top).partial_cmp(&(other.area.page, other.area.top)).expect("numbers")
        });
        for (i, one) in words.iter().enumerate() {
            let near = words[i + 1..]
                .iter()
                .take_while(|other| other.area.page == one.area.page && other.area.top < one.area.bottom);
            // Ascent and descent of pdftotext are the font's, more than the letters'.
            let height = |other: &Word| one.area.bottom.min(other.area.bottom) - other.area.top;
            let width = |other: &Word| one.area.right.min(other.area.right) - one.area.left.max(other.area.left);
            let covers =
                |other: &Word| height(other) > 0.5 * one.area.height().min(other.area.height()) && width(other) > 1.0;
            if let Some(other) = near.copied().find(|other| covers(other)) {
                return Some((one, other));
            }
        }
        None
    }

    /// Each word lies on the paper.
    pub fn assert_on_paper(&self) {
        for word in &self.words {
            assert!(self.pages[word.area.page].holds(&word.area), "{word:?} is outside the paper");
        }
    }
}
