//! Builds the prompt of a bot's chat, with as many passages as the bot allows, the model can use, and its context has
//! room for beside the conversation and the answer.

use ruche_schemas::{
    Failure,
    failure::codes,
    kinds::chat::{Grounding, Passage},
};

use super::{
    passages::{self, Block, Budget, Shown},
    refusal::refused,
};
use crate::{
    inference::engine::{Engine, GenerateError, Request},
    runtime::job_error::JobError,
};

/// Tokens reserved for an answer without a limit, if the context is large enough.
const ANSWER_TOKENS: usize = 512;

/// The request with its system message, and the passages shown in it.
pub(super) async fn grounded(
    engine: &Engine,
    grounding: &Grounding,
    request: Request,
) -> Result<(Request, Vec<Shown>), JobError> {
    let (engine, grounding) = (engine.clone(), grounding.clone());
    // Tokenizing passages and a long conversation would block the runtime.
    let composed = tokio::task::spawn_blocking(move || compose(&engine, &grounding, request)).await;
    composed.map_err(|_| refused(GenerateError::Stopped))?
}

fn compose(engine: &Engine, grounding: &Grounding, mut request: Request) -> Result<(Request, Vec<Shown>), JobError> {
    let Grounding { instructions, passages, max_tokens, .. } = grounding;
    let (model, conversation) = (engine.model(), std::mem::take(&mut request.messages));
    request.messages = passages::prompt(instructions, &Block::default(), &conversation);
    if passages.is_empty() {
        return Ok((request, Vec::new()));
    }
    let preset = passages::preset(model.parameters);
    if preset.is_some() {
        // A model that can only quote works best without randomness.
        request.sampling.temperature = 0.0;
    }
    let prompt = engine.prompt_tokens(&request.messages, request.now).map_err(refused)?;
    let context = usize::try_from(model.context_tokens).unwrap_or(usize::MAX);
    let answer = request.max_tokens.map_or(ANSWER_TOKENS, |most| usize::try_from(most).unwrap_or(usize::MAX));
    let room = context.saturating_sub(prompt).saturating_sub(answer.min(context / 4));
    let preset = preset.unwrap_or(Budget { passages: usize::MAX, tokens: usize::MAX });
    let tokens = usize::try_from(*max_tokens).unwrap_or(usize::MAX).min(preset.tokens).min(room);
    let block = passages::block(passages, Budget { tokens, ..preset }, &|text: &str| engine.count(text));
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use ruche_schemas::kinds::chat::{Message, Role};

    use super::*;
    use crate::inference::llama::{EngineOptions, start_engine};

    /// The demo model, with a context of 512 tokens.
    fn engine() -> Engine {
        start_engine(EngineOptions {
            model_path: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/models/tiny/tiny-chat.gguf")),
            model_name: "tiny-chat-demo".to_owned(),
            slots: 1,
            context_tokens: 512,
            prompt_chunk: 64,
            threads: 1,
            gpu_layers: 0,
        })
        .expect("the tiny model")
    }

    fn asking(question: &str) -> Request {
        let messages = vec![Message { role: Role::User, content: question.to_owned() }];
        let mut request = Request { messages, ..Request::default() };
        request.sampling.temperature = 1.0;
        request
    }

    fn grounding(passages: &[&str]) -> Grounding {
        let passages = passages.iter().map(|text| Passage { text: (*text).to_owned(), ..Passage::default() });
        Grounding { instructions: "Be brief.".to_owned(), passages: passages.collect(), ..Grounding::default() }
    }

    #[tokio::test]
    async fn a_small_model_gets_a_short_block_and_nothing_is_left_to_chance() {
        let engine = engine();
        let five = grounding(&["One.", "Two.", "Three.", "Four.", "Five."]);
        let (request, shown) = grounded(&engine, &five, asking("Which?")).await.expect("a prompt");
        let system = "Be brief.\n\nPassages:\n[1] One.\n[2] Two.\n[3] Three.";
        assert_eq!((request.messages[0].content.as_str(), shown.len()), (system, 3));
        assert_eq!((request.messages.len(), request.sampling.temperature), (2, 0.0));
        // Another attempt, maybe by another worker, has the same prompt.
        let (again, _) = grounded(&engine, &five, asking("Which?")).await.expect("a prompt");
        assert_eq!(again.messages, request.messages);
        let (bare, shown) = grounded(&engine, &grounding(&[]), asking("Which?")).await.expect("a prompt");
        assert_eq!((bare.messages[0].content.as_str(), shown.len()), ("Be brief.", 0));
        assert_eq!(bare.sampling.temperature, 1.0, "it is not asked to quote");
    }

    #[tokio::test]
    async fn passages_leave_room_for_the_conversation_and_an_answer() {
        let engine = engine();
        let sentence = "The shop in Lyon opens at nine and closes at five. ";
        let long = sentence.repeat(40);
        let grounding = grounding(&[long.as_str()]);
        for (words, most) in [(1, 320), (200, 320)] {
            let asking = asking(&"shop ".repeat(words));
            let (request, shown) = grounded(&engine, &grounding, asking).await.expect("a prompt");
            let tokens = engine.prompt_tokens(&request.messages, request.now).expect("a prompt");
            assert!(tokens <= 512 - 128, "{words} words: {tokens} tokens");
            assert!(tokens >= 200 && engine.count(&request.messages[0].content) <= most + 5, "{words} words: {tokens}");
            assert_eq!(
                long[..shown[0].end].trim_end(),
                sentence.repeat(shown[0].end.div_ceil(sentence.len())).trim_end()
            );
        }
        let full = grounded(&engine, &grounding, asking(&"shop ".repeat(400))).await;
        match full.map(|_| ()) {
            Err(JobError::Reject(failure)) => {
                assert_eq!(
                    (failure.code.as_str(), failure.param.as_deref()),
                    (codes::CONTEXT_LENGTH, Some("messages"))
                );
                assert!(failure.message.contains("no passage fits"), "{failure}");
            }
            other => panic!("{other:?}"),
        }
        // A conversation that is too long without passages is refused like any chat.
        let (request, shown) = grounded(&engine, &grounding, asking(&"shop ".repeat(900))).await.expect("a prompt");
        assert_eq!(shown, []);
        assert!(matches!(engine.generate(request).await, Err(GenerateError::PromptTooLong { .. })));
    }
}
