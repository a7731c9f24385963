//! Builds the prompt of a chat: the conversation as far as the model's context holds it, and of a bot its instructions
//! and as many passages as the bot allows and the model can use. Passages come before older turns.

use ruche_schemas::{
    Failure,
    failure::codes,
    kinds::chat::{Grounding, Message, Passage, turns},
};

use super::{
    fit::{fitted, prompt_room},
    passages::{self, Block, Budget, Shown},
    question::Question,
    quotes::quotes,
    refusal::refused,
};
use crate::{
    inference::engine::{Engine, GenerateError, Request},
    runtime::job_error::JobError,
};

/// Longest answer of a small model to a bot's chat without a limit of its own, in tokens: it quotes a sentence or two.
const QUOTE_TOKENS: u32 = 128;

/// A request whose messages are the prompt.
#[derive(Debug)]
pub(super) struct Composed {
    pub(super) request: Request,
    /// The passages in it.
    pub(super) shown: Vec<Shown>,
    /// The number of messages of the conversation that are not in it.
    pub(super) left_out: usize,
    /// Whether a small model shall not be asked, because no passage is about what the question names.
    pub(super) elsewhere: bool,
}

pub(super) async fn composed(
    engine: &Engine,
    grounding: Option<&Grounding>,
    request: Request,
) -> Result<Composed, JobError> {
    let (engine, grounding) = (engine.clone(), grounding.cloned());
    // Tokenizing passages and a long conversation would block the runtime.
    let composed = tokio::task::spawn_blocking(move || match grounding {
        Some(grounding) => grounded(&engine, &grounding, request),
        None => {
            let most = passages::readable(engine.model().parameters);
            let (request, left_out) = fitted(&engine, request, most, &<[Message]>::to_vec).map_err(refused)?;
            Ok(Composed { request, shown: Vec::new(), left_out, elsewhere: false })
        }
    });
    composed.await.map_err(|_| refused(GenerateError::Stopped))?
}

fn grounded(engine: &Engine, grounding: &Grounding, mut request: Request) -> Result<Composed, JobError> {
    let Read { block, unread, elsewhere } = match grounding.passages.is_empty() {
        true => Read::default(),
        false => block(engine, grounding, &mut request)?,
    };
    let prompt = |conversation: &[Message]| passages::prompt(&grounding.instructions, &block, conversation);
    let most = passages::readable(engine.model().parameters);
    let (mut request, left_out) = fitted(engine, request, most, &prompt).map_err(refused)?;
    if passages::preset(engine.model().parameters).is_some() {
        request.max_tokens.get_or_insert(QUOTE_TOKENS);
    }
    Ok(Composed { request, shown: block.shown, left_out: unread + left_out, elsewhere })
}

/// What a model reads of the passages.
#[derive(Default)]
struct Read {
    block: Block,
    /// The number of earlier messages that it shall not read.
    unread: usize,
    /// As [`Composed::elsewhere`].
    elsewhere: bool,
}

/// As many passages as there is room for beside the last message.
fn block(engine: &Engine, grounding: &Grounding, request: &mut Request) -> Result<Read, JobError> {
    let Grounding { instructions, passages, max_tokens, .. } = grounding;
    let model = engine.model();
    let preset = passages::preset(model.parameters);
    let last = turns::cuts(&request.messages).last().copied().unwrap_or_default();
    let mut unread = 0;
    if preset.is_some() {
        // A model that can only quote works best without randomness, and earlier turns mislead it.
        request.sampling.temperature = 0.0;
        unread = last - turns::instructions(&request.messages);
        request.messages = turns::from_cut(&request.messages, last);
    }
    let last = turns::cuts(&request.messages).last().copied().unwrap_or_default();
    let shortest = passages::prompt(instructions, &Block::default(), &turns::from_cut(&request.messages, last));
    let prompt = engine.prompt_tokens(&shortest, request.now).map_err(refused)?;
    let context = usize::try_from(model.context_tokens).unwrap_or(usize::MAX);
    let room = prompt_room(context, request.max_tokens).saturating_sub(prompt);
    let question = preset.map(|_| Question::of(&request.messages, passages));
    let preset = preset.unwrap_or(Budget { passages: usize::MAX, tokens: usize::MAX });
    let tokens = usize::try_from(*max_tokens).unwrap_or(usize::MAX).min(preset.tokens).min(room);
    let count = |text: &str| engine.count(text);
    let block = passages::block(passages, Budget { tokens, ..preset }, question.as_ref(), &count);
    let mut elsewhere = false;
    if let Some(question) = &question {
        let most = usize::try_from(request.max_tokens.unwrap_or(QUOTE_TOKENS)).unwrap_or(usize::MAX);
        // The model may write a text in other tokens than it reads it.
        let fits = |text: &str| engine.count(text).saturating_mul(8) <= most.saturating_mul(7);
        let quoted = quotes(grounding, &block.shown, question, &fits);
        request.quotes = quoted.quotes;
        let whole = |shown: &Shown| {
            let outside = passages.get(shown.place).map(passages::outside).unwrap_or_default();
            format!("{outside}\n{}", shown.text)
        };
        let shown: Vec<String> = block.shown.iter().map(whole).collect();
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        elsewhere = !shown.is_empty() && (quoted.is_elsewhere || question.is_elsewhere(&shown));
    }
    if block.shown.is_empty() && passages.iter().any(is_text) && prompt < context {
        let message = format!(
            "the last message has {prompt} tokens with the instructions, and the model can read {context}: no passage fits \
             beside it. Send a shorter message"
        );
        return Err(JobError::Reject(Failure::new(codes::CONTEXT_LENGTH, message).with_param("messages")));
    }
    Ok(Read { block, unread, elsewhere })
}

fn is_text(passage: &Passage) -> bool {
    !passage.text.trim().is_empty()
}

#[cfg(test)]
mod tests;
