//! A file of questions with known answers, one a line.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use anyhow::{Context, Result};
use ruche_schemas::{Invalid, plain};
use serde::Deserialize;
use serde_json::Value;

use crate::refused::Refused;

/// The most questions of a file.
const QUESTIONS: usize = 100_000;
/// The largest file, in bytes.
const BYTES: u64 = 256 << 20;
/// The most broken lines that are named.
const NAMED: usize = 10;
/// How much of a wrong value is shown, in characters.
const SHOWN: usize = 80;

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
    expected: Value,
    id: Option<String>,
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
    let Line { question, expected, id } = plain::read(line).map_err(|invalid| without_line(&invalid))?;
    if question.trim().is_empty() {
        return Err("question: is empty: a question is needed".to_owned());
    }
    let expected = sources(expected)?;
    let name = id.unwrap_or_else(|| format!("line {number}"));
    Ok(Some(Question { name, text: question, expected }))
}

/// One source, or a list of them.
fn sources(expected: Value) -> Result<BTreeSet<String>, String> {
    let refused = |value: &Value| {
        let shown: String = value.to_string().chars().take(SHOWN).collect();
        format!("expected: {shown} is not allowed: a source or a list of sources is needed")
    };
    let sources: BTreeSet<String> = match expected {
        Value::String(one) => [one].into(),
        Value::Array(many) => {
            let texts = many.iter().map(|one| one.as_str().map(str::to_owned).ok_or_else(|| refused(one)));
            texts.collect::<Result<_, _>>()?
        }
        other => return Err(refused(&other)),
    };
    match sources.is_empty() || sources.contains("") {
        true => Err("expected: names no source, or an empty one: one at least is needed, each with a name".to_owned()),
        false => Ok(sources),
    }
}

/// A line is the whole text to its reader: the first.
fn without_line(invalid: &Invalid) -> String {
    match invalid.param.as_str() {
        "body" => invalid.message.replacen("(line 1, column", "(column", 1),
        _ => invalid.to_string(),
    }
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
            {\"question\":\"a?\",\"expected\":\"x\",\"colour\":1}\n{\"question\":7,\"expected\":\"x\"}\n\
            {\"question\":\"a?\",\"expected\":[\"x\",null]}\n";
        let error = written(text).expect_err("broken").to_string();
        for part in [
            "line 2: not JSON: a value is missing or misspelt (column 2)",
            "line 3: question: is empty",
            "line 4: expected: names no source",
            "line 5: expected: is missing",
            "line 6: expected: 7 is not allowed: a source or a list of sources is needed",
            "line 7: it is no UTF-8",
            "line 8: colour: there is no such field here: there are question, expected, id",
            "line 9: question: 7 is not allowed: a text is needed",
            "line 10: expected: null is not allowed: a source or a list of sources is needed",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(!error.contains("line 1:"), "{error}");
        assert!(written(&b"x\n".repeat(30)).expect_err("broken").to_string().contains("and 20 more"));
        assert!(written(b"\n\n").expect_err("nothing").to_string().contains("no questions"));
    }
}
