//! `ruche render`: Markdown in, a PDF or a picture of a page out, as a file.
//!
//! Pictures, fonts and style sheets that the text names are sent along, resolved as a browser does, and never from
//! outside of its folder unless `--root` allows more. The file is written whole or not at all. Warnings go to
//! standard error, as compilers write theirs.

mod document;
mod files;
mod package;
mod references;
mod send;
mod watch;

use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use chrono::NaiveDate;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};

use crate::{access::Access, client::Client, output, project::Project, refused::Refused, values};

use document::Document;

pub(crate) use package::pack;
pub(crate) use send::{TIMEOUT, download};

/// How often a document is read again because it names new files: each time may add others.
const READS: usize = 5;

/// Markdown to PDF.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    job: Job,
    /// The output file, `-` for standard output. Default: beside the Markdown, with the same name.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Render again whenever one of the files changes, until Ctrl-C.
    #[arg(long)]
    watch: bool,
}

/// The input and the options of a render job.
#[derive(Debug, clap::Args)]
struct Job {
    /// The Markdown, `-` for standard input.
    file: PathBuf,
    /// A style sheet, after those that the text names. Repeat it for several.
    #[arg(long, value_name = "FILE")]
    css: Vec<PathBuf>,
    /// A template's name, or the folder of one (with a slash: `./letter`), used for this document only.
    #[arg(long, value_name = "NAME or DIR")]
    template: Option<String>,
    /// The version of the template. Default: the last.
    #[arg(long, requires = "template", value_name = "N", value_parser = values::whole::<u32>(1..=u32::MAX))]
    template_version: Option<u32>,
    /// A JSON file with variables for the template.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// A file to send that text, CSS and template do not name. Repeat it for several.
    #[arg(long = "file", value_name = "FILE", id = "also")]
    also: Vec<PathBuf>,
    /// A file to attach to the PDF. Repeat it for several.
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// Also send files below this folder that the text names. Default: only files below the text's own folder.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// A standard of the PDF. Repeat it for several.
    #[arg(long, value_parser = PossibleValuesParser::new(["1.7", "2.0", "a-2b", "a-3b", "ua-1"]))]
    standard: Vec<String>,
    /// A file with the password to open the PDF with: its first line.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The language, as in `fr` or `pt-BR`: labels, hyphenation, quotes.
    #[arg(long)]
    lang: Option<String>,
    /// The title.
    #[arg(long)]
    title: Option<String>,
    /// A table of contents, to this level of heading; 0 is none.
    #[arg(long, value_name = "LEVEL", value_parser = values::whole::<u8>(0..=6), num_args = 0..=1, default_missing_value = "3")]
    toc: Option<u8>,
    /// Number the headings.
    #[arg(long)]
    numbering: bool,
    /// The document's date, as in `2026-11-26`. The same input with the same date gives the same file.
    #[arg(long, value_parser = values::date)]
    date: Option<NaiveDate>,
    /// A picture of one page instead of a PDF.
    #[arg(long)]
    png: bool,
    /// The page, from 1.
    #[arg(long, requires = "png", value_parser = values::whole::<u32>(1..=100_000))]
    page: Option<u32>,
    /// Pixels per inch: 96 by default.
    #[arg(long, requires = "png", value_parser = values::whole::<u16>(24..=600))]
    ppi: Option<u16>,
    /// Fetch no pictures from the web.
    #[arg(long)]
    no_fetch: bool,
    /// Also store the document on the gateway: `ruche renders` lists it.
    #[arg(long)]
    store: bool,
}

#[derive(Debug)]
enum Out {
    Standard,
    File(PathBuf),
}

pub(crate) async fn run(project: &Project, arguments: Arguments) -> Result<ExitCode> {
    let Arguments { access, job, out, watch } = arguments;
    let out = out_of(&job, out, access.json)?;
    let client = access.client(project)?;
    if !watch {
        let document = document::read(&job)?;
        make(&client, &job, &document, &out, access.json).await?;
        return Ok(ExitCode::SUCCESS);
    }
    if job.file.as_os_str() == "-" {
        return Err(Refused::usage("standard input can't be watched: name a file".to_owned()));
    }
    let mut watcher = watch::Watcher::new()?;
    loop {
        let made = async {
            let document = watched(&job, &mut watcher)?;
            make(&client, &job, &document, &out, access.json).await
        };
        match Box::pin(made).await {
            Err(error) if output::is_broken_pipe(&error) => return Err(error),
            // The next change may correct it.
            Err(error) => output::note(&format!("ruche: {error:#}")),
            Ok(()) => {}
        }
        watcher.changed().await;
    }
}

/// Reads a document after its files are watched, so that no change is missed.
fn watched(job: &Job, watcher: &mut watch::Watcher) -> Result<Document> {
    watcher.keep(&job.inputs());
    let mut document = document::read(job)?;
    for _ in 0..READS {
        if !watcher.keep(&document.inputs) {
            break;
        }
        document = document::read(job)?;
    }
    Ok(document)
}

async fn make(client: &Client, job: &Job, document: &Document, out: &Out, as_json: bool) -> Result<()> {
    for note in &document.notes {
        output::note(&output::clean(note));
    }
    let rendered = send::send(client, job, document).await?;
    for warning in &rendered.warnings {
        output::note(&output::clean(&document.place(warning).to_string()));
    }
    match out {
        Out::Standard => output::bytes(&rendered.content)?,
        Out::File(path) => write(path, &rendered.content)?,
    }
    match (out, as_json) {
        (Out::Standard, _) => {}
        (Out::File(path), true) => output::json(&summary(&rendered, path))?,
        (Out::File(path), false) => {
            let pages = if rendered.pages == 1 { "page" } else { "pages" };
            let line = format!("{}: {} {pages}, {} bytes", path.display(), rendered.pages, rendered.content.len());
            output::line(&output::clean(&line))?;
        }
    }
    Ok(())
}

fn summary(rendered: &send::Rendered, path: &Path) -> Value {
    json!({
        "id": rendered.id,
        "file": path.display().to_string(),
        "media_type": rendered.media_type,
        "bytes": rendered.content.len(),
        "pages": rendered.pages,
        "title": rendered.title,
        "stored": rendered.stored,
        "warnings": rendered.warnings,
    })
}

/// By default beside the Markdown.
fn out_of(job: &Job, out: Option<PathBuf>, as_json: bool) -> Result<Out> {
    let from_stdin = job.file.as_os_str() == "-";
    let to_stdout = out.as_ref().map_or(from_stdin, |out| out.as_os_str() == "-");
    if !to_stdout {
        let extension = if job.png { "png" } else { "pdf" };
        let path = out.unwrap_or_else(|| job.file.with_extension(extension));
        if path == job.file {
            let message = format!("{} would be overwritten by its document: name another with -o", path.display());
            return Err(Refused::usage(message));
        }
        return Ok(Out::File(path));
    }
    if as_json {
        return Err(Refused::usage("--json says what was made, so the document needs a file: -o FILE".to_owned()));
    }
    if std::io::stdout().is_terminal() {
        return Err(Refused::usage("a document is nothing for a terminal: name a file with -o FILE".to_owned()));
    }
    Ok(Out::Standard)
}

/// Writes a file whole or not at all. A pipe or a device is written to directly.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let wrong = || format!("{} can't be written", path.display());
    // A link stays a link, to the new file.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if target.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        let mut open = std::fs::OpenOptions::new().write(true).open(&target).with_context(wrong)?;
        return open.write_all(bytes).with_context(wrong);
    }
    let name = target.file_name().with_context(|| format!("{} is no name of a file", path.display()))?;
    let mut half = std::ffi::OsString::from(".");
    half.push(name);
    half.push(format!(".{}.half", std::process::id()));
    let half = target.with_file_name(half);
    let written = std::fs::write(&half, bytes).and_then(|()| std::fs::rename(&half, &target));
    if written.is_err() {
        let _ = std::fs::remove_file(&half);
    }
    written.with_context(wrong)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_there_whole_or_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a.pdf"), folder.path().join("link.pdf"));
        write(&file, b"one").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write(&link, b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert!(link.is_symlink());
        let error = format!("{:#}", write(&folder.path().join("none/a.pdf"), b"x").unwrap_err());
        assert!(error.contains("none/a.pdf can't be written: No such file"), "{error}");
        assert!(write(folder.path(), b"x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing half is left");
        write(Path::new("/dev/null"), b"x").unwrap();
    }
}
