//! Where a conversation that is too long may be cut: between turns, behind the system messages that it begins with.

use super::{Message, Role};

/// The places where the conversation may go on after its first system messages, ascending. At the first one nothing is
/// left out. Then each turn may be the first one: a turn begins with what comes after an answer, so an answer never stays
/// without its question. In the last turn, each message of the user may be the first one.
#[must_use]
pub fn cuts(messages: &[Message]) -> Vec<usize> {
    let asks = |at: usize| matches!(messages[at].role, Role::System | Role::User);
    let first = instructions(messages);
    let mut cuts = vec![first];
    cuts.extend((first + 1..messages.len()).filter(|at| asks(*at) && !asks(at - 1)));
    let last = cuts.last().copied().unwrap_or(first);
    cuts.extend((last + 1..messages.len()).filter(|at| messages[*at].role == Role::User));
    cuts
}

/// The conversation that goes on at one of its [`cuts`].
#[must_use]
pub fn from_cut(messages: &[Message], cut: usize) -> Vec<Message> {
    let (first, rest) = messages.split_at(instructions(messages));
    let left_out = cut.saturating_sub(first.len()).min(rest.len());
    first.iter().chain(&rest[left_out..]).cloned().collect()
}

/// The number of system messages that a conversation begins with.
#[must_use]
pub fn instructions(messages: &[Message]) -> usize {
    messages.iter().take_while(|message| message.role == Role::System).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One message per letter, which is its role.
    fn of(roles: &str) -> Vec<Message> {
        let role = |c| match c {
            's' => Role::System,
            'u' => Role::User,
            _ => Role::Assistant,
        };
        roles.chars().enumerate().map(|(at, c)| Message { role: role(c), content: at.to_string() }).collect()
    }

    #[test]
    fn a_conversation_is_cut_between_turns() {
        for (roles, expected) in [
            ("", vec![0]),
            ("u", vec![0]),
            ("s", vec![1]),
            ("suauau", vec![1, 3, 5]),
            ("ssuau", vec![2, 4]),
            // A greeting is no turn; an answer goes with its question, and so do instructions in between.
            ("sauau", vec![1, 2, 4]),
            ("uuauasuau", vec![0, 3, 5, 8]),
            ("uaua", vec![0, 2]),
            ("uauuua", vec![0, 2, 3, 4]),
            ("uasu", vec![0, 2, 3]),
        ] {
            assert_eq!(cuts(&of(roles)), expected, "{roles}");
        }
    }

    #[test]
    fn the_first_instructions_and_the_last_turns_stay() {
        let contents = |cut| {
            let messages = from_cut(&of("ssuauau"), cut);
            messages.into_iter().map(|message| message.content).collect::<Vec<_>>().join("")
        };
        assert_eq!((contents(2).as_str(), contents(4).as_str(), contents(6).as_str()), ("0123456", "01456", "016"));
        assert_eq!((contents(0).as_str(), contents(99).as_str()), ("0123456", "01"));
    }
}
