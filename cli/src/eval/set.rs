//! A file of questions with known answers, one a line.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::refused::Refused;

/// The most questions of a file.
const QUESTIONS: usize = 100_000;
/// The largest file, in bytes.
const BYTES: u64 = 256 << 20;
/// The most broken lines that are named.
const NAMED: usize = 10;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    /// Its `id`, else its line.
    pub(super) name: String,
    pub(super) text: String,
    pub(super) expected: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    question: String,
    expected: Expected,
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a source or a list of sources is expected")]
enum Expected {
    One(String),
    Many(Vec<String>),
}

/// Empty lines are skipped.
pub(super) fn read(path: &Path) -> Result<Vec<Question>> {
    let file = File::open(path).with_context(|| format!("{} can't be read", path.display()))?;
    let (mut questions, mut broken) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(BufReader::new(file.take(BYTES)).split(b'\n')) {
        let line = line.with_context(|| format!("{} can't be read", path.display()))?;
        match question(number, &line) {
            Ok(None) => {}
            Ok(Some(question)) => questions.push(question),
            Err(why) => broken.push(format!("line {number}: {why}")),
        }
        if questions.len() > QUESTIONS {
            return Err(Refused::because(format!("{} has more than {QUESTIONS} questions", path.display())));
        }
    }
    if !broken.is_empty() {
        let more = broken.len().saturating_sub(NAMED);
        broken.truncate(NAMED);
        if more > 0 {
            broken.push(format!("and {more} more"));
        }
        return Err(Refused::because(format!("{} has broken lines:\n  {}", path.display(), broken.join("\n  "))));
    }
    if questions.is_empty() {
        return Err(Refused::because(format!("{} has no questions", path.display())));
    }
    Ok(questions)
}

fn question(number: usize, line: &[u8]) -> Result<Option<Question>, String> {
    let line = std::str::from_utf8(line).map_err(|_| "it is no UTF-8".to_owned())?.trim();
    if line.is_empty() {
        return Ok(None);
    }
    let Line { question, expected, id } = serde_json::from_str(line).map_err(|error| error.to_string())?;
    if question.trim().is_empty() {
        return Err("`question` is empty".to_owned());
    }
    let expected: BTreeSet<String> = match expected {
        Expected::One(one) => [one].into(),
        Expected::Many(many) => many.into_iter().collect(),
    };
    if expected.is_empty() || expected.iter().any(String::is_empty) {
        return Err("`expected` names no source, or an empty one".to_owned());
    }
    let name = id.unwrap_or_else(|| format!("line {number}"));
    Ok(Some(Question { name, text: question, expected }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &[u8]) -> Result<Vec<Question>> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("set.jsonl");
        std::fs::write(&file, text).expect("a file");
        read(&file)
    }

    #[test]
    fn a_question_expects_one_source_or_several_and_may_have_a_name() {
        let text = br#"{"question":"a?","expected":"x.md"}

{"question":"b?","expected":["y.md","x.md"],"id":"q7"}"#;
        let read = written(text).expect("two questions");
        assert_eq!((read[0].name.as_str(), read[1].name.as_str()), ("line 1", "q7"));
        assert_eq!(read[1].expected.len(), 2);
    }

    #[test]
    fn broken_lines_are_named_by_their_numbers() {
        let text = b"{\"question\":\"a?\",\"expected\":\"x\"}\nnonsense\n{\"question\":\" \",\"expected\":\"x\"}\n\
            {\"question\":\"a?\",\"expected\":[]}\n{\"question\":\"a?\"}\n{\"question\":\"a?\",\"expected\":7}\n\xff\n\
            {\"question\":\"a?\",\"expected\":\"x\",\"colour\":1}\n";
        let error = written(text).expect_err("broken").to_string();
        for part in [
            "line 2: ",
            "line 3: `question` is empty",
            "line 4: `expected`",
            "line 5: missing field",
            "line 6: a source",
            "line 7: it is no UTF-8",
            "line 8: unknown field",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(!error.contains("line 1:"), "{error}");
        assert!(written(&b"x\n".repeat(30)).expect_err("broken").to_string().contains("and 20 more"));
        assert!(written(b"\n\n").expect_err("nothing").to_string().contains("no questions"));
    }
}
