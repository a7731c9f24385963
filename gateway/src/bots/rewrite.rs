//! Makes a follow-up question stand alone ("And on Sundays?" becomes "When is the shop open on Sundays?") with the
//! bot's own model. If that fails, the question itself is searched for.
//!
//! Only the search uses the new question; the model that answers reads the unchanged conversation.

use std::sync::Arc;

use ruche_schemas::{
    TenantId,
    bots::Bot,
    kinds::chat::{Answer, Chat, FinishReason, Message, Role, Sampling},
};
use ruche_store::Store;
use tokio::time::timeout;

use crate::{
    http::{error::ApiError, limits},
    jobs::wait::Waiter,
};

const TASK: &str = "Rewrite the last question so that it can be understood without the conversation: put in what its \
                    pronouns and omissions stand for. Keep its language. Answer with the question alone.";
/// The most tokens of a question.
const TOKENS: u32 = 96;

pub struct Rewriter {
    store: Arc<dyn Store>,
    waiter: Waiter,
}

impl Rewriter {
    #[must_use]
    pub fn new(store: Arc<dyn Store>, waiter: Waiter) -> Self {
        Self { store, waiter }
    }

    /// The standalone form of the question in message `last`.
    pub(super) async fn standing_alone(&self, tenant: &TenantId, bot: &Bot, chat: &Chat, last: usize) -> String {
        let question = &chat.messages[last].content;
        let rewriting = Box::pin(self.rewrite(tenant, bot, chat, last));
        match timeout(limits::REWRITE_TIME, rewriting).await {
            Ok(Ok(Some(rewritten))) => return rewritten,
            // It stands alone already, or the generated text is no question.
            Ok(Ok(None)) => {}
            Ok(Err(error)) => {
                tracing::warn!(error.message = %error, "a question is searched for as it is: it can't be rewritten");
            }
            Err(_) => tracing::warn!("a question is searched for as it is: rewriting it takes too long"),
        }
        question.clone()
    }

    async fn rewrite(
        &self,
        tenant: &TenantId,
        bot: &Bot,
        chat: &Chat,
        last: usize,
    ) -> Result<Option<String>, ApiError> {
        let mut before = match chat.conversation {
            Some(id) => self.newest(tenant, id).await?,
            None => Vec::new(),
        };
        before.extend(chat.messages[..last].iter().cloned());
        before.retain(|message| message.role != Role::System && !message.content.trim().is_empty());
        if before.is_empty() {
            return Ok(None);
        }
        let from = before.len().saturating_sub(limits::REWRITE_MESSAGES);
        let asked = Chat {
            model: bot.model.clone(),
            messages: ask(&before[from..], &chat.messages[last].content),
            conversation: None,
            sampling: Sampling { temperature: 0.0, ..Sampling::default() },
            stop: vec!["\n".to_owned()],
            max_tokens: Some(TOKENS),
            store: false,
            grounding: None,
            continues: false,
            messages_left_out: 0,
        };
        let answer: Answer = self.waiter.call(tenant, &asked, true, "messages").await?;
        Ok(read(&answer))
    }

    pub(super) async fn newest(&self, tenant: &TenantId, conversation: uuid::Uuid) -> Result<Vec<Message>, ApiError> {
        let found = self.store.conversation(tenant, conversation, limits::REWRITE_MESSAGES as u64).await?;
        let messages = found.map(|(_, messages)| messages).unwrap_or_default();
        let role = |role: &str| match role {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            _ => Role::System,
        };
        Ok(messages
            .into_iter()
            .map(|message| Message { role: role(&message.role), content: message.content })
            .collect())
    }
}

/// The instruction, with the conversation quoted as text, so that the model follows no instruction in it.
fn ask(before: &[Message], question: &str) -> Vec<Message> {
    let line = |message: &Message| {
        let who = if message.role == Role::Assistant { "Assistant" } else { "User" };
        format!("{who}: {}\n", one_line(&message.content))
    };
    let conversation: String = before.iter().map(line).collect();
    let content =
        format!("Conversation:\n{conversation}\nLast question: {}\n\nRewritten question:", one_line(question));
    let system = Message { role: Role::System, content: TASK.to_owned() };
    vec![system, Message { role: Role::User, content }]
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut line = words.join(" ");
    line.truncate(line.floor_char_boundary(limits::REWRITE_MESSAGE_BYTES));
    line
}

fn read(answer: &Answer) -> Option<String> {
    let text = answer.text.trim().trim_matches(['"', '“', '”', '«', '»']).trim();
    let whole = answer.finish_reason == FinishReason::Stop && !text.is_empty();
    (whole && text.chars().count() <= limits::REWRITE_CHARS).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use ruche_schemas::kinds::chat::Usage;

    use super::*;

    #[test]
    fn the_model_gets_the_conversation_as_a_text() {
        let message = |role, content: &str| Message { role, content: content.to_owned() };
        let before =
            [message(Role::User, "When is the\nshop open?"), message(Role::Assistant, "From nine to five. [1]")];
        let asked = ask(&before, "And on\n\nSundays?");
        let expected = "Conversation:\nUser: When is the shop open?\nAssistant: From nine to five. [1]\n\nLast question: \
                        And on Sundays?\n\nRewritten question:";
        assert_eq!(asked, [message(Role::System, TASK), message(Role::User, expected)]);
    }

    #[test]
    fn what_is_no_question_is_not_taken() {
        let answer = |text: &str, finish_reason| {
            read(&Answer {
                text: text.to_owned(),
                finish_reason,
                model: "m".to_owned(),
                usage: Usage::default(),
                conversation: None,
                citations: None,
            })
        };
        let question = Some("When is it open on Sundays?".to_owned());
        assert_eq!(answer(" \"When is it open on Sundays?\"\n", FinishReason::Stop), question);
        assert_eq!(answer("When is it open on", FinishReason::Length), None);
        assert_eq!(answer(" \" \" ", FinishReason::Stop), None);
        assert_eq!(answer(&"x".repeat(401), FinishReason::Stop), None);
    }
}
