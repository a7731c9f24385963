//! Leaves out the oldest turns of a chat that is too long for a job. The worker, which knows the model's context,
//! leaves out what does not fit that.

use ruche_schemas::{
    Job as _,
    kinds::chat::{Chat, turns},
};
use serde::Serialize;

use crate::http::limits;

/// Shortens it until it fits a job; a bot's also leaves space for passages. One whose last message does not fit stays
/// as it is.
pub(super) fn shorten(chat: &mut Chat, is_bot: bool) {
    let beside = if is_bot { limits::AROUND_BOT } else { limits::AROUND_CHAT };
    let lengths: Vec<usize> = chat.messages.iter().map(|message| length(message) + 1).collect();
    let all: usize = lengths.iter().sum();
    let rest = length(chat).saturating_sub(all);
    let space = Chat::LIMITS.payload_bytes.saturating_sub(beside).saturating_sub(rest);
    if all <= space {
        return;
    }
    let first = turns::instructions(&chat.messages);
    let mut bytes: usize = lengths[..first].iter().sum();
    // From here on, the messages fit.
    let mut from = lengths.len();
    while from > first && bytes + lengths[from - 1] <= space {
        from -= 1;
        bytes += lengths[from];
    }
    if let Some(cut) = turns::cuts(&chat.messages).into_iter().find(|cut| *cut >= from) {
        chat.messages.drain(first..cut);
        chat.messages_left_out = chat.messages_left_out.saturating_add(u32::try_from(cut - first).unwrap_or(u32::MAX));
    }
}

/// As JSON.
fn length(value: &impl Serialize) -> usize {
    serde_json::to_string(value).map_or(usize::MAX / 4, |json| json.len())
}

#[cfg(test)]
mod tests {
    use ruche_schemas::kinds::chat::{Message, Role};

    use super::*;

    fn of(turns: usize, bytes: usize) -> Chat {
        let message = |role, content: String| Message { role, content };
        let mut messages = vec![message(Role::System, "Be brief.".to_owned())];
        for n in 0..turns {
            messages.push(message(Role::User, format!("{n} {}", "\n".repeat(bytes))));
            messages.push(message(Role::Assistant, n.to_string()));
        }
        messages.pop();
        let chat = serde_json::json!({ "messages": messages });
        serde_json::from_value(chat).expect("a chat")
    }

    #[test]
    fn what_fits_stays() {
        for is_bot in [true, false] {
            let mut chat = of(100, 100);
            shorten(&mut chat, is_bot);
            assert_eq!(chat, of(100, 100));
        }
    }

    #[test]
    fn the_oldest_turns_are_left_out_until_it_fits() {
        for (turns, bytes, is_bot) in [(100, 4_000, false), (100, 4_000, true), (5_000, 50, false), (2, 125_000, false)]
        {
            let (before, mut chat) = (of(turns, bytes), of(turns, bytes));
            shorten(&mut chat, is_bot);
            let left_out = usize::try_from(chat.messages_left_out).expect("a number");
            assert!(left_out > 0 && left_out + chat.messages.len() == before.messages.len(), "{turns}: {left_out}");
            assert_eq!(
                (chat.messages.first(), chat.messages.last()),
                (before.messages.first(), before.messages.last())
            );
            assert_eq!(chat.messages[1].role, Role::User, "whole turns");
            let space = Chat::LIMITS.payload_bytes - if is_bot { limits::AROUND_BOT } else { 0 };
            assert!(length(&chat) <= space, "{turns}: {}", length(&chat));
            assert_eq!(chat.check(), Ok(()));
        }
    }

    #[test]
    fn a_last_message_that_is_too_long_stays() {
        let mut chat = of(1, 200_000);
        shorten(&mut chat, false);
        assert_eq!(chat, of(1, 200_000));
    }
}
