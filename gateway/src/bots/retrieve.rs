//! The passages for a question, found in the bot's collections as `POST /v1/search` does.
//!
//! All of this precedes the job's acceptance, so a failed search is a 503 and leaves nothing behind.

use std::sync::Arc;

use axum::http::StatusCode;
use ruche_schemas::{
    Job as _, TenantId,
    bots::Bot,
    failure::codes,
    kinds::chat::{Chat, MAX_LABEL_BYTES, MAX_PASSAGE_BYTES, MAX_PASSAGES_BYTES, Message, Passage, Role},
    links,
};
use ruche_store::{
    analysis::identifier,
    search::{Hit, Mode},
};
use tokio::time::timeout;

use super::{nothing_found, rewrite::Rewriter};
use crate::{
    http::{error::ApiError, limits},
    search::{
        query::{Found, SearchQuery},
        service::Searcher,
    },
};

pub(super) struct Retrieved {
    /// Best first.
    pub(super) passages: Vec<Passage>,
    /// The answer if there is none.
    pub(super) nothing_found: String,
}

pub struct Retriever {
    searcher: Arc<Searcher>,
    rewriter: Rewriter,
}

impl Retriever {
    #[must_use]
    pub fn new(searcher: Arc<Searcher>, rewriter: Rewriter) -> Self {
        Self { searcher, rewriter }
    }

    /// What is found for the last question of a chat.
    ///
    /// # Errors
    /// 400 without a question; 429 and 503 from the search.
    pub(super) async fn retrieve(&self, tenant: &TenantId, bot: &Bot, chat: &Chat) -> Result<Retrieved, ApiError> {
        let asks = |message: &Message| message.role == Role::User && !message.content.trim().is_empty();
        let Some(last) = chat.messages.iter().rposition(asks) else {
            let message = "no message of the role user has text, so there is no question to search for";
            return Err(ApiError::invalid("messages", message));
        };
        let space = space(chat, bot);
        let question = match bot.rewrite {
            true => Box::pin(self.rewriter.standing_alone(tenant, bot, chat, last)).await,
            false => chat.messages[last].content.clone(),
        };
        let found = timeout(limits::RETRIEVE_TIME, Box::pin(self.find(tenant, bot, &question))).await;
        let late = |_| unavailable(format!("no answer within {} s", limits::RETRIEVE_TIME.as_secs()));
        let found = found.map_err(late)??;
        let texts: Vec<String> = found.hits.iter().map(|hit| hit.text.clone()).collect();
        let passages = passages(&question, without_lookalikes(&question, found), bot, space);
        let nothing_found = match passages.is_empty() {
            true => self.nothing_found(tenant, bot, chat, last, &texts).await?,
            // A small model finds nothing in passages that do not answer.
            false => {
                let question = chat.messages[last].content.as_str();
                nothing_found::sentence(bot, question, passages.iter().map(|passage| passage.text.as_str()))
            }
        };
        Ok(Retrieved { passages, nothing_found })
    }

    /// In the language of the question, else of what was said before it, else of the documents.
    async fn nothing_found(
        &self,
        tenant: &TenantId,
        bot: &Bot,
        chat: &Chat,
        last: usize,
        texts: &[String],
    ) -> Result<String, ApiError> {
        let said = |messages: &[Message]| {
            let said = messages.iter().rev().filter(|message| message.role != Role::System);
            said.take(limits::REWRITE_MESSAGES).map(|message| message.content.clone()).collect::<Vec<_>>()
        };
        let question = chat.messages[last].content.as_str();
        let mut samples = said(&chat.messages[..last]);
        if let Some(id) = chat.conversation {
            samples.extend(said(&self.rewriter.newest(tenant, id).await?));
        }
        Ok(nothing_found::sentence(bot, question, samples.iter().chain(texts).map(String::as_str)))
    }

    async fn find(&self, tenant: &TenantId, bot: &Bot, question: &str) -> Result<Found, ApiError> {
        let question = plain(question);
        let query = SearchQuery {
            text: Some(end_of(question.trim(), limits::QUESTION_BYTES).to_owned()),
            collections: bot.collections.clone(),
            mode: bot.retrieval.mode.into(),
            top_k: bot.retrieval.top_k,
            explain: bot.retrieval.min_score.is_some(),
            rerank: bot.retrieval.rerank.then_some(limits::SEARCH_RERANKED),
            ..SearchQuery::default()
        };
        self.searcher.search(tenant, &query).await.map_err(refused)
    }
}

/// Removes the operators that require and exclude words: they mean nothing in a chat.
fn plain(question: &str) -> String {
    let mut before = ' ';
    let plain = |c: char| {
        before = if c == '"' || (c == '-' && before.is_whitespace()) { ' ' } else { c };
        before
    };
    question.chars().map(plain).collect()
}

/// The last bytes of a question: pasted text usually precedes it.
fn end_of(text: &str, most: usize) -> &str {
    text[text.ceil_char_boundary(text.len().saturating_sub(most))..].trim_start()
}

/// Without the hits that name another product, version or the like than the question: a model would quote them. Without
/// any, if the question is nothing but a code that none of them names.
fn without_lookalikes(question: &str, mut found: Found) -> Found {
    let text = |hit: &Hit| {
        let headings = headings(hit);
        headings.chain([&hit.text]).map(String::as_str).collect::<Vec<_>>().join("\n")
    };
    let texts: Vec<String> = found.hits.iter().map(text).collect();
    if nothing_found::is_code(question) && !texts.iter().any(|text| nothing_found::names(question, text)) {
        found.hits.clear();
        return found;
    }
    let mut lookalikes = identifier::lookalikes(question, &texts).into_iter();
    found.hits.retain(|_| !lookalikes.next().unwrap_or_default());
    found
}

/// A search's error as a chat's: none is the client's fault.
fn refused(error: ApiError) -> ApiError {
    match error.status() {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => error,
        status if status.is_server_error() || error.code_name() == Some(codes::UNKNOWN_MODEL) => {
            unavailable(error.to_string())
        }
        _ => error.param("model"),
    }
}

fn unavailable(why: String) -> ApiError {
    tracing::warn!(error.message = %why, "a bot's documents can't be searched");
    let message = "the bot's documents can't be searched now, so the chat was not accepted: try again in a moment \
                   (operators: is a worker for embeddings running?)";
    ApiError::unavailable("search_unavailable", message, 2)
}

/// The bytes of JSON that are left for passages beside the chat.
fn space(chat: &Chat, bot: &Bot) -> usize {
    let length = serde_json::to_string(chat).map_or(usize::MAX, |json| json.len());
    let own = serde_json::to_string(bot).map_or(usize::MAX, |json| json.len());
    Chat::LIMITS.payload_bytes.saturating_sub(length).saturating_sub(own).saturating_sub(limits::AROUND_PASSAGES)
}

/// The hits that are good enough, as many as a job may carry.
fn passages(question: &str, found: Found, bot: &Bot, mut space: usize) -> Vec<Passage> {
    let (mut passages, mut bytes) = (Vec::new(), 0);
    for hit in found.hits {
        if hit.text.trim().is_empty() || !is_good(&hit, bot, found.mode) {
            continue;
        }
        let passage = passage(question, hit);
        // As JSON, where a control character is six bytes.
        let length = serde_json::to_string(&passage).map_or(usize::MAX, |json| json.len()) + 1;
        bytes += passage.text.len();
        if length > space || bytes > MAX_PASSAGES_BYTES {
            break;
        }
        space -= length;
        passages.push(passage);
    }
    passages
}

/// Whether a passage is as near to the question as the bot wants, where vectors were searched.
fn is_good(hit: &Hit, bot: &Bot, mode: Mode) -> bool {
    let Some(least) = bot.retrieval.min_score.filter(|_| mode != Mode::Text) else { return true };
    hit.explanation.as_ref().and_then(|how| how.cosine).is_some_and(|cosine| cosine >= least)
}

fn passage(question: &str, hit: Hit) -> Passage {
    let label = |text: String| truncated(text, MAX_LABEL_BYTES);
    let above: Vec<&str> =
        hit.path.iter().filter(|heading| Some(*heading) != hit.title.as_ref()).map(String::as_str).collect();
    Passage {
        text: truncated(answering(question, &hit), MAX_PASSAGE_BYTES),
        headings: Some(above.join("\n")).filter(|headings| !headings.is_empty()).map(label),
        title: hit.title.map(label),
        // A truncated address is useless.
        url: hit.url.filter(|url| url.len() <= MAX_LABEL_BYTES && links::check("url", url).is_ok()),
        source: Some(label(hit.source)),
        collection: Some(hit.collection),
        document: Some(hit.document),
        chunk: Some(hit.chunk),
    }
}

/// The headings that say what a hit is about, innermost first. A title may be the first heading of a document about many
/// things, so it counts only where no heading above the hit names one.
fn headings(hit: &Hit) -> impl Iterator<Item = &String> {
    let names_one = hit.path.iter().any(|heading| identifier::names_one(heading));
    hit.path.iter().rev().chain(hit.title.as_ref().filter(|_| !names_one))
}

/// A hit's text with what the question's identifier needs: the heading that names it, if the text does not, and without
/// the sentences and rows about its lookalikes.
fn answering(question: &str, hit: &Hit) -> String {
    if !identifier::names_one_of(question, &hit.text)
        && let Some(heading) = headings(hit).find(|heading| identifier::names_one_of(question, heading))
    {
        return format!("## {heading}\n\n{}", hit.text);
    }
    identifier::without_lookalikes(question, &hit.text)
}

fn truncated(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}

#[cfg(test)]
mod tests;
