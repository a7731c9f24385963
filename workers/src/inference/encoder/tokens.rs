//! Tokenizes texts and query-text pairs within the model's limit.

use super::{error::EncodeError, port::Tokenizer};

pub(super) fn tokenize(
    tokenizer: &dyn Tokenizer,
    prefix: &str,
    texts: &[String],
    max: usize,
) -> Result<Vec<Vec<i32>>, EncodeError> {
    let mut tokenized = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let tokens = match prefix.is_empty() {
            true => tokenizer.tokenize(text),
            false => tokenizer.tokenize(&format!("{prefix}{text}")),
        };
        match tokens.len() {
            0 => return Err(EncodeError::NoTokens { index }),
            tokens if tokens > max => return Err(EncodeError::TooLong { index, tokens, max }),
            _ => tokenized.push(tokens),
        }
    }
    Ok(tokenized)
}

pub(super) fn pairs(
    tokenizer: &dyn Tokenizer,
    query: &str,
    texts: &[String],
    max: usize,
) -> Result<Vec<Vec<i32>>, EncodeError> {
    let query = tokenizer.plain(query);
    let room = max.saturating_sub(tokenizer.pair(&[], &[]).len());
    if query.len() > room / 2 {
        return Err(EncodeError::LongQuery { tokens: query.len(), max: room / 2 });
    }
    let room = room - query.len();
    let pair = |text: &String| {
        let mut text = tokenizer.plain(text);
        text.truncate(room);
        tokenizer.pair(&query, &text)
    };
    Ok(texts.iter().map(pair).collect())
}
