//! Leaves out the oldest turns of a conversation that the model's context does not hold beside an answer.
//!
//! The next turns of the conversation should begin with the same prompt, whose tokens are still in the model's cache.
//! So more is left out at once than must be: the conversation goes on at one of a few turns, about a quarter of the
//! context apart, and at the same one until the context is full again.

use ruche_schemas::kinds::chat::{Message, turns};

use crate::inference::engine::{Engine, GenerateError, Request};

/// Tokens reserved for an answer without a limit, if the context is large enough.
const ANSWER_TOKENS: usize = 512;
/// The most tokens that a chat template adds to a message, and to a conversation.
const AROUND_MESSAGE: usize = 16;
const AROUND_CONVERSATION: usize = 512;

/// How many tokens a prompt may have, so that the answer has room: as much as it asks for, up to half of the context.
pub(super) fn prompt_room(context: usize, max_tokens: Option<u32>) -> usize {
    let answer = match max_tokens {
        Some(most) => usize::try_from(most).unwrap_or(usize::MAX).min(context / 2),
        None => ANSWER_TOKENS.min(context / 4),
    };
    context - answer
}

/// The request with a prompt that fits, and the number of messages that were left out. `prompt` makes the prompt of a
/// conversation, and has at most `most` tokens if turns are left out. If even the last message does not fit, the engine
/// refuses the request.
pub(super) fn fitted(
    engine: &Engine,
    mut request: Request,
    most: usize,
    prompt: &dyn Fn(&[Message]) -> Vec<Message>,
) -> Result<(Request, usize), GenerateError> {
    let conversation = std::mem::take(&mut request.messages);
    let context = usize::try_from(engine.model().context_tokens).unwrap_or(usize::MAX);
    let room = prompt_room(context, request.max_tokens).min(most);
    let cuts = turns::cuts(&conversation);
    let fits = |cut: usize| -> Result<bool, GenerateError> {
        let messages = prompt(&turns::from_cut(&conversation, cut));
        Ok(surely_fits(&messages, room) || engine.prompt_tokens(&messages, request.now)? <= room)
    };
    let (first, last) = (turns::instructions(&conversation), cuts.last().copied().unwrap_or_default());
    let mut cut = first;
    if last > first && !fits(first)? {
        let few = few(&cuts, &conversation, room);
        cut = match first_that_fits(&few, &fits)? {
            Some(cut) => cut,
            // The last message may still have some room for an answer.
            None => first_that_fits(&cuts, &fits)?.unwrap_or(last),
        };
    }
    request.messages = prompt(&turns::from_cut(&conversation, cut));
    Ok((request, cut - first))
}

/// Whether the prompt fits by its bytes alone: a token has at least one byte. Saves counting the tokens.
fn surely_fits(messages: &[Message], room: usize) -> bool {
    let bytes: usize = messages.iter().map(|message| message.content.len() + AROUND_MESSAGE).sum();
    bytes + AROUND_CONVERSATION <= room
}

/// The first cut after each `step` bytes. These cuts stay the same while the conversation grows, so the next prompts
/// begin alike. With the prompt's room in tokens as `step`, they are about a quarter of it apart, since a token has
/// about four bytes.
fn few(cuts: &[usize], conversation: &[Message], step: usize) -> Vec<usize> {
    let (mut few, mut bytes, mut steps, mut at) = (Vec::new(), 0, 0, 0);
    for &cut in cuts {
        bytes += conversation[at..cut].iter().map(|message| message.content.len()).sum::<usize>();
        at = cut;
        if bytes / step.max(1) > steps {
            steps = bytes / step.max(1);
            few.push(cut);
        }
    }
    few
}

/// By bisection: a later cut makes a shorter prompt.
fn first_that_fits(
    cuts: &[usize],
    fits: &dyn Fn(usize) -> Result<bool, GenerateError>,
) -> Result<Option<usize>, GenerateError> {
    let (mut low, mut high) = (0, cuts.len());
    while low < high {
        let middle = low.midpoint(high);
        match fits(cuts[middle])? {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    Ok(cuts.get(low).copied())
}

#[cfg(test)]
mod tests {
    use ruche_schemas::kinds::chat::Role;

    use super::*;
    use crate::kinds::chat::testing::engine;

    fn conversation(turns: usize, words: usize) -> Vec<Message> {
        let message = |role, content: String| Message { role, content };
        let mut messages = vec![message(Role::System, "Be brief.".to_owned())];
        for n in 0..turns {
            messages.push(message(Role::User, format!("{n}: {}", "shop ".repeat(words))));
            messages.push(message(Role::Assistant, format!("Answer {n}.")));
        }
        messages.push(message(Role::User, "Who are you?".to_owned()));
        messages
    }

    fn fit(engine: &Engine, messages: Vec<Message>, max_tokens: Option<u32>) -> (Request, usize) {
        let request = Request { messages, max_tokens, ..Request::default() };
        fitted(engine, request, usize::MAX, &<[Message]>::to_vec).expect("a prompt")
    }

    #[test]
    fn a_conversation_that_fits_is_left_as_it_is() {
        let engine = engine();
        for turns in [0, 1, 3] {
            let messages = conversation(turns, 1);
            let (request, left_out) = fit(&engine, messages.clone(), None);
            assert_eq!((request.messages, left_out), (messages, 0));
        }
    }

    #[tokio::test]
    async fn the_oldest_turns_of_any_length_are_left_out() {
        let engine = engine();
        for (turns, words, max_tokens, room) in [
            (40, 20, None, 384),
            (5, 300, None, 384),
            (2_000, 1, None, 384),
            (40, 20, Some(200), 312),
            (40, 20, Some(9_999), 256),
        ] {
            let whole = conversation(turns, words);
            let (request, left_out) = fit(&engine, whole.clone(), max_tokens);
            let kept = &request.messages;
            assert!(left_out > 0 && left_out.is_multiple_of(2), "whole turns: {left_out}");
            assert_eq!(left_out + kept.len(), whole.len());
            assert_eq!((&kept[0], &kept[1..]), (&whole[0], &whole[1 + left_out..]));
            let tokens = engine.prompt_tokens(kept, request.now).expect("a prompt");
            assert!(tokens <= room, "{turns} turns of {words} words: {tokens} tokens");
            engine.generate(request).await.expect("an answer");
        }
    }

    #[test]
    fn the_next_turn_begins_with_the_same_prompt() {
        let engine = engine();
        let begins = |turns| {
            let (request, left_out) = fit(&engine, conversation(turns, 5), None);
            assert!(left_out > 0);
            request.messages[1].content.clone()
        };
        let first: Vec<String> = (60..72).map(begins).collect();
        let changes = first.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(changes <= 4, "{first:?}");
    }

    #[tokio::test]
    async fn only_a_last_message_that_does_not_fit_alone_is_refused() {
        let engine = engine();
        let with_last = |words: usize| {
            let mut messages = conversation(10, 20);
            messages.pop();
            messages.push(Message { role: Role::User, content: "shop ".repeat(words) });
            messages
        };
        // It leaves less room than an answer should have.
        let (request, left_out) = fit(&engine, with_last(440), None);
        assert_eq!((left_out, request.messages.len()), (20, 2));
        engine.generate(request).await.expect("an answer");
        let (request, _) = fit(&engine, with_last(900), None);
        assert!(matches!(engine.generate(request).await, Err(GenerateError::PromptTooLong { .. })));
    }
}
