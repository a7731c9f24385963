//! Token usage of jobs.

use crate::entities::usage;
use sea_orm::{
    ActiveValue::Set,
    ConnectionTrait, EntityTrait,
    sqlx::{self, PgConnection},
};

use crate::{
    error::StoreError,
    ledger::{Ended, Usage, text},
};

pub(super) async fn insert(db: &impl ConnectionTrait, ended: &Ended, cost: &Usage) -> Result<(), StoreError> {
    let row = usage::ActiveModel {
        job: Set(ended.job.id.0),
        tenant: Set(ended.job.tenant.as_str().to_owned()),
        kind: Set(ended.kind.to_string()),
        model: Set(text(&cost.model)),
        prompt_tokens: Set(tokens(cost.prompt_tokens)),
        completion_tokens: Set(tokens(cost.completion_tokens)),
        at: Set(ended.ended_at),
    };
    usage::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The same on the driver's own connection.
pub(super) async fn insert_raw(db: &mut PgConnection, ended: &Ended, cost: &Usage) -> Result<(), StoreError> {
    let insert = "INSERT INTO usage (job, tenant, kind, model, prompt_tokens, completion_tokens, at) \
                  VALUES ($1, $2, $3, $4, $5, $6, $7)";
    sqlx::query(insert)
        .bind(ended.job.id.0)
        .bind(ended.job.tenant.as_str())
        .bind(ended.kind.as_str())
        .bind(text(&cost.model))
        .bind(tokens(cost.prompt_tokens))
        .bind(tokens(cost.completion_tokens))
        .bind(ended.ended_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Saturates, though no context is that large.
fn tokens(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
