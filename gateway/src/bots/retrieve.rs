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
};
use ruche_store::{
    analysis::identifier,
    search::{Hit, Mode},
};
use tokio::time::timeout;

use super::rewrite::Rewriter;
use crate::{
    http::{error::ApiError, limits},
    search::{
        query::{Found, SearchQuery},
        service::Searcher,
    },
};

pub struct Retriever {
    searcher: Arc<Searcher>,
    rewriter: Rewriter,
}

impl Retriever {
    #[must_use]
    pub fn new(searcher: Arc<Searcher>, rewriter: Rewriter) -> Self {
        Self { searcher, rewriter }
    }

    /// The hits for the last question of a chat, best first.
    ///
    /// # Errors
    /// 400 without a question; 429 and 503 from the search.
    pub(super) async fn passages(&self, tenant: &TenantId, bot: &Bot, chat: &Chat) -> Result<Vec<Passage>, ApiError> {
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
        Ok(passages(&question, without_lookalikes(&question, found.map_err(late)??), bot, space))
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

/// Without the hits that name another product, version or the like than the question: a model would quote them.
fn without_lookalikes(question: &str, mut found: Found) -> Found {
    let text = |hit: &Hit| {
        let headings = headings(hit);
        headings.chain([&hit.text]).map(String::as_str).collect::<Vec<_>>().join("\n")
    };
    let mut lookalikes = identifier::lookalikes(question, &found.hits.iter().map(text).collect::<Vec<_>>()).into_iter();
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
    Passage {
        text: truncated(answering(question, &hit), MAX_PASSAGE_BYTES),
        title: hit.title.map(label),
        // A truncated address is useless.
        url: hit.url.filter(|url| url.len() <= MAX_LABEL_BYTES),
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
        return format!("{heading}: {}", hit.text);
    }
    identifier::without_lookalikes(question, &hit.text)
}

fn truncated(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}

#[cfg(test)]
mod tests {
    use ruche_schemas::kinds::chat::{Grounding, Sampling};
    use uuid::Uuid;

    use super::*;
    use ruche_schemas::bots::{Retrieval, RetrievalMode};
    use ruche_store::search::Explanation;

    fn hit(text: &str, score: f64, cosine: Option<f64>) -> Hit {
        Hit {
            chunk: 7,
            document: Uuid::nil(),
            collection: "faq".to_owned(),
            source: "shop.md".to_owned(),
            title: Some("Shop".to_owned()),
            url: Some("https://example.com/shop".to_owned()),
            path: vec!["Shop".to_owned()],
            text: text.to_owned(),
            metadata: serde_json::Map::new(),
            published_at: None,
            score,
            highlights: Vec::new(),
            also_in: Vec::new(),
            explanation: Some(Explanation { cosine, ..Explanation::default() }),
        }
    }

    fn bot(mode: RetrievalMode, min_score: Option<f64>) -> Bot {
        Bot { retrieval: Retrieval { mode, min_score, ..Retrieval::default() }, ..Bot::default() }
    }

    fn kept(bot: &Bot, mode: Mode, hits: Vec<Hit>) -> Vec<String> {
        let found = Found { mode, hits, ..Found::default() };
        passages("", found, bot, usize::MAX).into_iter().map(|passage| passage.text).collect()
    }

    #[test]
    fn a_hit_is_a_passage_with_all_that_a_citation_tells() {
        let found = Found { hits: vec![hit("Nine.", 1.0, None)], ..Found::default() };
        let expected = Passage {
            text: "Nine.".to_owned(),
            title: Some("Shop".to_owned()),
            url: Some("https://example.com/shop".to_owned()),
            source: Some("shop.md".to_owned()),
            collection: Some("faq".to_owned()),
            document: Some(Uuid::nil()),
            chunk: Some(7),
        };
        assert_eq!(passages("", found, &bot(RetrievalMode::Hybrid, None), usize::MAX), [expected]);
    }

    #[test]
    fn a_code_in_a_heading_comes_with_the_text_and_lookalikes_do_not() {
        let text = |question: &str, heading: &str, text: &str| {
            let hit = Hit { path: vec!["Parts".to_owned(), heading.to_owned()], ..hit(text, 1.0, None) };
            answering(question, &hit)
        };
        let question = "What does AX-4401/B cost?";
        assert_eq!(text(question, "AX-4401/B", "It costs 4.00 euros."), "AX-4401/B: It costs 4.00 euros.");
        assert_eq!(text(question, "AX-4401/B", "AX-4401/B costs 4.00."), "AX-4401/B costs 4.00.");
        assert_eq!(text(question, "Nozzles", "AX-4401/B: 4.00\nAX-4401/C: 4.30\n"), "AX-4401/B: 4.00\n");
        assert_eq!(text("What does it cost?", "AX-4401/B", "It costs 4.00."), "It costs 4.00.");
    }

    #[test]
    fn a_title_says_nothing_of_a_hit_below_another_codes_heading() {
        let below = |heading: &str| Hit {
            title: Some("RT-7000".to_owned()),
            path: vec![heading.to_owned()],
            ..hit("The filter costs 11.00 euros.", 1.0, None)
        };
        let question = "What does the filter of the RT-7000 cost?";
        let found = |hits: Vec<Hit>| without_lookalikes(question, Found { hits, ..Found::default() }).hits.len();
        assert_eq!(found(vec![below("RT-7000"), below("RT-7001")]), 1);
        assert_eq!(answering(question, &below("Filters")), "RT-7000: The filter costs 11.00 euros.");
    }

    #[test]
    fn what_is_not_near_enough_is_left_out() {
        let hits = || vec![hit("near", 0.03, Some(0.8)), hit("far", 0.02, Some(0.1)), hit("words", 0.01, None)];
        let hybrid = bot(RetrievalMode::Hybrid, Some(0.5));
        assert_eq!(kept(&hybrid, Mode::Hybrid, hits()), ["near"]);
        assert_eq!(kept(&hybrid, Mode::Text, hits()), ["near", "far", "words"], "no vectors could be searched");
        assert_eq!(kept(&bot(RetrievalMode::Vector, Some(0.5)), Mode::Vector, hits()), ["near"]);
        assert_eq!(kept(&bot(RetrievalMode::Hybrid, None), Mode::Hybrid, vec![hit(" \n", 1.0, None)]), [""; 0]);
    }

    #[test]
    fn a_passage_about_a_lookalike_is_left_out() {
        let texts = ["AX-4401/C costs 4.30.", "AX-4401/B costs 4.00.", "Hoses have 10 mm."];
        let hits = texts.map(|text| hit(text, 1.0, None)).to_vec();
        let found = without_lookalikes("What does AX-4401/B cost?", Found { hits, ..Found::default() });
        let kept: Vec<_> = found.hits.iter().map(|hit| hit.text.as_str()).collect();
        assert_eq!(kept, texts[1..]);
    }

    #[test]
    fn passages_never_make_a_job_too_large() {
        let huge = || vec![hit(&"\u{1}".repeat(20_000), 1.0, None); 32];
        let bot = bot(RetrievalMode::Hybrid, None);
        for length in [1, 100_000, 250_000] {
            let message = Message { role: Role::User, content: "x".repeat(length) };
            let mut chat = Chat {
                model: None,
                messages: vec![message],
                conversation: None,
                sampling: Sampling::default(),
                stop: Vec::new(),
                max_tokens: None,
                store: true,
                grounding: None,
                continues: false,
                messages_left_out: 0,
            };
            let found = Found { hits: huge(), ..Found::default() };
            let passages = passages("", found, &bot, space(&chat, &bot));
            assert!(passages.iter().all(|passage| passage.text.len() <= MAX_PASSAGE_BYTES));
            chat.grounding = Some(Grounding { passages, ..Grounding::default() });
            chat.check().expect("a chat that a worker takes");
            assert!(serde_json::to_string(&chat).expect("JSON").len() <= Chat::LIMITS.payload_bytes);
        }
    }

    #[test]
    fn a_question_requires_and_excludes_nothing() {
        let plain = plain("-a \"b\" - --c d-e \"-f\" 5-6");
        assert_eq!(plain.split_whitespace().collect::<Vec<_>>(), ["a", "b", "c", "d-e", "f", "5-6"]);
    }

    #[test]
    fn a_long_question_is_searched_for_by_its_end() {
        assert_eq!(end_of("short", 100), "short");
        assert_eq!(end_of("a long text. When?", 6), "When?");
        assert_eq!((end_of("é?", 2), end_of("é", 1)), ("?", ""));
    }
}
