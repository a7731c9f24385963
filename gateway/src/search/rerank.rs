//! Reorders the hits of a search by a reranker. Without one they stay in the order of the search, and a note says so.

use axum::http::StatusCode;
use futures::future::try_join_all;
use ruche_schemas::{
    TenantId,
    kinds::rerank::{MAX_TEXTS, Rerank, Reranked},
};
use ruche_store::search::Hit;
use tokio::time::timeout;

use super::{
    embed::parts,
    query::{Found, is_too_long, shorter},
};
use crate::{
    http::{error::ApiError, limits},
    jobs::wait::Waiter,
};

pub struct Reranker(pub(super) Waiter);

impl Reranker {
    /// Orders the hits by this model's scores; a note says if there is no model or no answer.
    ///
    /// # Errors
    /// What is wrong with the query, by its name in the request; 429.
    pub(crate) async fn rerank(
        &self,
        tenant: &TenantId,
        query: &str,
        model: Option<String>,
        found: &mut Found,
    ) -> Result<(), ApiError> {
        let Some(model) = model else {
            found.notes.push("the hits were not reranked: no worker has a reranker now".to_owned());
            return Ok(());
        };
        if found.hits.is_empty() {
            return Ok(());
        }
        let texts: Vec<String> = found.hits.iter().map(passage).collect();
        let mut end = query;
        let answers = loop {
            match self.ask(tenant, end, &texts, &model).await {
                Err(error) if is_too_long(&error) && !shorter(end).is_empty() => end = shorter(end),
                answers => break answers,
            }
        };
        if end.len() < query.len() {
            found.notes.push("the query is longer than the reranker can read: only its end was compared".to_owned());
        }
        let answers = match answers {
            Ok(answers) => answers,
            Err(error) if error.param_name() == Some("query") || error.status() == StatusCode::TOO_MANY_REQUESTS => {
                return Err(error);
            }
            Err(error) => {
                tracing::warn!(error.message = %error, "hits can't be reranked");
                found.notes.push(format!("the hits were not reranked: {error}"));
                return Ok(());
            }
        };
        let scores: Vec<f64> =
            answers.iter().flat_map(|answer| &answer.scores).map(|score| f64::from(*score)).collect();
        if scores.len() != found.hits.len() {
            tracing::error!(scores = scores.len(), hits = found.hits.len(), "a reranker left texts out");
            return Err(ApiError::internal());
        }
        found.reranker = Some(model);
        order(&mut found.hits, &scores);
        Ok(())
    }

    async fn ask(
        &self,
        tenant: &TenantId,
        query: &str,
        texts: &[String],
        model: &str,
    ) -> Result<Vec<Reranked>, ApiError> {
        let asking = try_join_all(parts(texts, MAX_TEXTS).into_iter().map(|part| {
            let asked = Rerank { query: query.to_owned(), texts: part.texts, model: Some(model.to_owned()) };
            async move { self.0.call::<_, Reranked>(tenant, &asked, true, "query").await }
        }));
        let late = |_| Err(ApiError::unanswered(self.0.seconds));
        timeout(self.0.longest(), asking).await.unwrap_or_else(late)
    }
}

/// A hit's text with its headings, as embedded, truncated to what a model may read.
fn passage(hit: &Hit) -> String {
    let mut passage = match hit.path.is_empty() {
        true => hit.text.clone(),
        false => format!("{}\n{}", hit.path.join(" > "), hit.text),
    };
    passage.truncate(passage.floor_char_boundary(limits::RERANK_TEXT_BYTES));
    passage
}

/// Best first; equal scores keep their order.
fn order(hits: &mut [Hit], scores: &[f64]) {
    for (hit, score) in hits.iter_mut().zip(scores) {
        hit.score = *score;
        if let Some(explanation) = &mut hit.explanation {
            explanation.rerank_score = Some(*score);
        }
    }
    hits.sort_by(|one, other| other.score.total_cmp(&one.score));
}
