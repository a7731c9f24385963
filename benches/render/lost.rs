//! What is lost: words of documents that are not on the paper of their PDF. The documents have what often leaves it:
//! wide tables, long words, addresses and code without spaces, nested boxes.
//!
//! Words are numbered, so that each is looked for by itself, by poppler's `pdftotext -bbox` in the order of the PDF.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use anyhow::{Context, Result, anyhow, ensure};
use ruche_render::{Renderer, Resources};
use ruche_schemas::kinds::render::Render;

use super::{documents::Random, peers};
use crate::table::table;

const DOCUMENTS: usize = 200;
/// Letters in the middle of a long word.
const LONG: usize = 160;

/// Words and documents with a missing word, of one program.
struct Lost {
    name: String,
    words: usize,
    documents: usize,
}

/// Prints a table of all programs that read Markdown.
pub fn measure(alone: bool) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let mut random = Random::new(11);
    let documents: Vec<(String, usize)> = (0..DOCUMENTS).map(|_| document(&mut random)).collect();
    for (number, (text, _)) in documents.iter().enumerate() {
        fs::write(folder.join(format!("{number}.md")), text)?;
    }
    let mut all = Vec::new();
    for peer in peers::PEERS.iter().filter(|peer| !alone && peer.reads_markdown()) {
        let name = peers::make_all(peer, folder)?;
        all.push(lost(name, folder, &documents)?);
    }
    let renderer = Renderer::new();
    for (number, (text, _)) in documents.iter().enumerate() {
        let job = Render { markdown: text.clone(), ..Render::default() };
        let output = renderer.render(&job, &Resources::default()).map_err(|failure| anyhow!("{failure}"))?;
        fs::write(folder.join(format!("{number}.pdf")), output.bytes)?;
    }
    all.push(lost("Ruche".to_owned(), folder, &documents)?);
    let total: usize = documents.iter().map(|(_, words)| words).sum();
    let mut rows = table(&["program", "words", "not on the paper", "documents that lose some, of 200"]);
    for Lost { name, words, documents } in all {
        rows.add_row([name, total.to_string(), words.to_string(), documents.to_string()]);
    }
    println!("{rows}");
    Ok(())
}

fn lost(name: String, folder: &Path, documents: &[(String, usize)]) -> Result<Lost> {
    let mut lost = Lost { name, words: 0, documents: 0 };
    for (number, (_, words)) in documents.iter().enumerate() {
        let path = folder.join(format!("{number}.pdf"));
        let seen = seen(&path)?;
        let text = seen.concat();
        let is_there = |word: &str| text.contains(word) || is_divided(word, &seen);
        let missing = (1..=*words).filter(|word| !is_there(&format!("q{word}q"))).count();
        lost.words += missing;
        lost.documents += usize::from(missing > 0);
        // The next program must make its own.
        fs::remove_file(path)?;
    }
    Ok(lost)
}

/// Whether a word ends a line or a page and goes on elsewhere: other cells of its row are in between.
fn is_divided(word: &str, seen: &[String]) -> bool {
    (1..word.len()).any(|at| {
        let (begin, end) = word.split_at(at);
        seen.iter().any(|piece| piece.ends_with(begin)) && seen.iter().any(|piece| piece.starts_with(end))
    })
}

/// The numbers on the paper, with their marks, of each piece of a line. Hyphens and letters in the middle of long words
/// are left out.
fn seen(pdf: &Path) -> Result<Vec<String>> {
    let ran = Command::new("pdftotext").args(["-raw", "-bbox"]).arg(pdf).arg("-").output();
    let ran = ran.context("pdftotext can't be started: Debian's poppler-utils has it")?;
    ensure!(ran.status.success(), "pdftotext: {}", String::from_utf8_lossy(&ran.stderr));
    let (mut seen, mut width, mut height) = (Vec::new(), 0.0, 0.0);
    for line in String::from_utf8_lossy(&ran.stdout).lines().map(str::trim) {
        let number = |name: &str| {
            let value = line.split_once(&format!(" {name}=\""))?.1;
            value.split_once('"')?.0.parse::<f64>().ok()
        };
        if line.starts_with("<page") {
            (width, height) = (number("width").unwrap_or(0.0), number("height").unwrap_or(0.0));
        } else if let (Some(left), Some(top), Some(right), Some(bottom)) =
            (number("xMin"), number("yMin"), number("xMax"), number("yMax"))
            && left > -0.5
            && top > -0.5
            && right < width + 0.5
            && bottom < height + 0.5
        {
            let word = line.split_once('>').map_or("", |(_, rest)| rest.trim_end_matches("</word>"));
            seen.push(word.chars().filter(|c| c.is_ascii_digit() || *c == 'q').collect());
        }
    }
    Ok(seen)
}

struct Writer<'a> {
    random: &'a mut Random,
    words: usize,
}

/// A document and the number of its words.
fn document(random: &mut Random) -> (String, usize) {
    let mut writer = Writer { random, words: 0 };
    let blocks = 2 + writer.random.below(8);
    let mut text = String::new();
    for _ in 0..blocks {
        writer.block(&mut text);
    }
    (text, writer.words)
}

impl Writer<'_> {
    fn word(&mut self) -> String {
        self.words += 1;
        format!("q{}q", self.words)
    }

    /// Two numbered words with letters between them.
    fn long(&mut self) -> String {
        let letters = 10 + self.random.below(LONG);
        format!("{}{}{}", self.word(), "abcdefgh".repeat(letters / 8), self.word())
    }

    fn few(&mut self, most: usize) -> String {
        let count = 1 + self.random.below(most);
        let long = self.random.below(4) == 0;
        (0..count).map(|n| if long && n == 0 { self.long() } else { self.word() }).collect::<Vec<_>>().join(" ")
    }

    fn block(&mut self, out: &mut String) {
        let _ = match self.random.below(8) {
            0 => writeln!(out, "## {}\n", self.few(6)),
            1 => writeln!(out, "{} **{}** {}\n", self.few(30), self.few(3), self.few(30)),
            2 => {
                (0..4).for_each(|_| out.push_str(&format!("- {}\n", self.few(8))));
                writeln!(out)
            }
            3 => writeln!(out, "> {}\n>\n> > {}\n", self.few(20), self.few(5)),
            4 => writeln!(out, "```\n{}\n{}\n```\n", self.few(40), self.long()),
            5 => writeln!(out, "See `{}` and <https://example.org/{}>.\n", self.few(2), self.long()),
            6 => writeln!(out, "<div><p>{}</p><div>{}</div></div>\n", self.few(9), self.few(3)),
            _ => {
                self.table(out);
                writeln!(out)
            }
        };
    }

    fn table(&mut self, out: &mut String) {
        let columns = 2 + self.random.below(12);
        for row in 0..5 {
            for _ in 0..columns {
                let _ = write!(out, "| {} ", self.few(3));
            }
            out.push_str("|\n");
            if row == 0 {
                out.push_str(&"|---".repeat(columns));
                out.push_str("|\n");
            }
        }
    }
}
