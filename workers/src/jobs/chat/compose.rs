//! Makes the prompt of a bot's chat: as many passages as the bot allows, the model can make use of and its context has
//! room for beside the conversation and the answer.

use ruche_schemas::{
    Failure,
    failure::codes,
    jobs::chat::{Grounding, Passage},
};

use super::{
    passages::{self, Block, Budget, Shown},
    refused,
};
use crate::{
    engine::{Engine, GenerateError, Request},
    runtime::JobError,
};

/// The tokens that are left for an answer that says nothing of its length, where the context has so many.
const ANSWER_TOKENS: usize = 512;

/// The request with its system message, and which passages that shows.
pub(super) async fn grounded(
    engine: &Engine,
    grounding: &Grounding,
    request: Request,
) -> Result<(Request, Vec<Shown>), JobError> {
    let (engine, grounding) = (engine.clone(), grounding.clone());
    // Off the runtime's threads: passages and a long conversation take a while to tokenize.
    let composed = tokio::task::spawn_blocking(move || compose(&engine, &grounding, request)).await;
    composed.map_err(|_| refused(GenerateError::Stopped))?
}

fn compose(
    engine: &Engine,
    grounding: &Grounding,
    mut request: Request,
) -> Result<(Request, Vec<Shown>), JobError> {
    let Grounding { instructions, passages, max_tokens, .. } = grounding;
    let (model, conversation) = (engine.model(), std::mem::take(&mut request.messages));
    request.messages = passages::prompt(instructions, &Block::default(), &conversation);
    if passages.is_empty() {
        return Ok((request, Vec::new()));
    }
    let preset = passages::preset(model.parameters);
    if preset.is_some() {
        // A model that can only quote does so best where nothing is left to chance.
        request.sampling.temperature = 0.0;
    }
    let prompt = engine.prompt_tokens(&request.messages).map_err(refused)?;
    let context = usize::try_from(model.context_tokens).unwrap_or(usize::MAX);
    let answer = request.max_tokens.map_or(ANSWER_TOKENS, |most| usize::try_from(most).unwrap_or(usize::MAX));
    let room = context.saturating_sub(prompt).saturating_sub(answer.min(context / 4));
    let preset = preset.unwrap_or(Budget { passages: usize::MAX, tokens: usize::MAX });
    let tokens = usize::try_from(*max_tokens).unwrap_or(usize::MAX).min(preset.tokens).min(room);
    let block = passages::block(passages, Budget { tokens, ..preset }, &|text| engine.count(text));
    if block.shown.is_empty() && passages.iter().any(is_text) && prompt < context {
        let message = format!(
            "the conversation has {prompt} tokens, and the model can read {context}: no passage fits beside it. Begin \
             a new conversation, or send fewer messages"
        );
        return Err(JobError::Reject(Failure::new(codes::CONTEXT_LENGTH, message).with_param("messages")));
    }
    request.messages = passages::prompt(instructions, &block, &conversation);
    Ok((request, block.shown))
}

fn is_text(passage: &Passage) -> bool {
    !passage.text.trim().is_empty()
}
