//! Conversations and their messages.
//!
//! A turn updates its conversation's row before it appends, so that turns of one conversation come one after the
//! other and the messages of a turn stand together, in the order of their ids.

use crate::entities::{conversations, messages};
use ruche_schemas::{
    TenantId,
    kinds::chat::{Message, Role},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};
use serde_json::Value;
use uuid::Uuid;

use super::error::explain;
use crate::{
    conversations::HISTORY_MESSAGES,
    ledger::{Ended, LedgerError, Turn, TurnMessage, json, no_such_conversation, text},
};

/// Messages per statement: Postgres takes 65,535 parameters, and a message has eight.
const ROWS: usize = 1_000;

/// Makes the conversation, or finds it, if it is the tenant's.
const TOUCH: &str = "
INSERT INTO conversations (id, tenant, title, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
ON CONFLICT (id) DO UPDATE SET updated_at = greatest(conversations.updated_at, excluded.updated_at)
WHERE conversations.tenant = excluded.tenant";

/// Appends a turn of the job.
pub(super) async fn append(db: &impl ConnectionTrait, ended: &Ended, turn: &Turn) -> Result<(), LedgerError> {
    let tenant = ended.job.tenant.as_str();
    let values = [turn.conversation.into(), tenant.into(), text(&turn.title()).into(), ended.ended_at.into()];
    let touch = Statement::from_sql_and_values(db.get_database_backend(), TOUCH, values);
    if db.execute_raw(touch).await.map_err(explain)?.rows_affected() == 0 {
        return Err(no_such_conversation(turn.conversation));
    }
    for said in turn.messages.chunks(ROWS) {
        let rows = said.iter().map(|message| messages::ActiveModel {
            id: NotSet,
            conversation: Set(turn.conversation),
            tenant: Set(tenant.to_owned()),
            job: Set(ended.job.id.0),
            role: Set(message.role.as_str().to_owned()),
            content: Set(text(&message.content)),
            model: Set(message.model.as_deref().map(text)),
            citations: Set(cited(message)),
            created_at: Set(ended.ended_at),
        });
        messages::Entity::insert_many(rows).exec_without_returning(db).await.map_err(explain)?;
    }
    Ok(())
}

/// What a message cites, as it is kept.
fn cited(message: &TurnMessage) -> Option<Value> {
    let citations = message.citations.as_ref()?;
    // Plain structs of strings and numbers: they can be written.
    Some(json(serde_json::to_value(citations).unwrap_or_else(|_| Value::Array(Vec::new()))))
}

/// The newest messages of the tenant's conversation, the oldest of them first.
pub(super) async fn history(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    conversation: Uuid,
) -> Result<Option<Vec<Message>>, LedgerError> {
    let tenant = tenant.as_str();
    let owned = conversations::Entity::find_by_id(conversation).filter(conversations::Column::Tenant.eq(tenant));
    if owned.count(db).await.map_err(explain)? == 0 {
        return Ok(None);
    }
    let newest = messages::Entity::find()
        .select_only()
        .columns([messages::Column::Role, messages::Column::Content])
        .filter(messages::Column::Conversation.eq(conversation))
        .filter(messages::Column::Tenant.eq(tenant))
        .order_by_desc(messages::Column::Id)
        .limit(HISTORY_MESSAGES);
    let rows: Vec<(String, String)> = newest.into_tuple().all(db).await.map_err(explain)?;
    let messages = rows.into_iter().rev().map(|(role, content)| Ok(Message { role: read(&role)?, content }));
    messages.collect::<Result<_, _>>().map(Some)
}

fn read(role: &str) -> Result<Role, LedgerError> {
    let roles = [Role::System, Role::User, Role::Assistant];
    let unknown = || LedgerError::Unavailable(format!("a message of role {role:?} can't be read by this release"));
    roles.into_iter().find(|known| known.as_str() == role).ok_or_else(unknown)
}
