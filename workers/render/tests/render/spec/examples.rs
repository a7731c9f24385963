//! The examples of a specification, read from its text.

/// The line that begins and ends an example.
const FENCE: &str = "````````````````````````````````";

#[derive(Debug)]
pub struct Example {
    /// Counted from 1, as on the specification's page.
    pub number: usize,
    pub section: String,
    pub markdown: String,
    pub html: String,
}

/// In the specification, tabs are written as arrows.
pub fn parse(spec: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut section = "";
    let mut lines = spec.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix('#') {
            section = heading.trim_start_matches('#').trim();
        }
        if !line.strip_prefix(FENCE).is_some_and(|rest| rest.starts_with(" example")) {
            continue;
        }
        let mut until = |end: &str| -> String {
            let part = lines.by_ref().take_while(|line| *line != end);
            part.flat_map(|line| [line, "\n"]).collect::<String>().replace('\u{2192}', "\t")
        };
        let (markdown, html) = (until("."), until(FENCE));
        examples.push(Example { number: examples.len() + 1, section: section.to_owned(), markdown, html });
    }
    examples
}
