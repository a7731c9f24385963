//! Conversations and their messages. A turn updates its conversation's row before it appends, so turns of one
//! conversation are serialized and the ids of a turn's messages are contiguous.

use async_trait::async_trait;
use ruche_schemas::{
    TenantId,
    kinds::chat::{Message, Role},
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement,
    sea_query::Expr,
};
use serde_json::Value;
use uuid::Uuid;

use super::handle::Postgres;
use crate::{
    conversations::{
        Conversation, Conversations, HISTORY_INSTRUCTIONS, HISTORY_MESSAGES, History, StoredMessage, Turn, TurnMessage,
    },
    entities::{conversations, messages},
    error::{StoreError, readable},
    ledger::{Ended, json, no_such_conversation, text},
};

/// Messages per statement: Postgres takes 65,535 parameters, and a message has eight.
const ROWS: usize = 1_000;

/// Creates the conversation, or finds it if it belongs to the tenant.
const TOUCH: &str = "
INSERT INTO conversations (id, tenant, title, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
ON CONFLICT (id) DO UPDATE SET updated_at = greatest(conversations.updated_at, excluded.updated_at)
WHERE conversations.tenant = excluded.tenant";

/// Finds the conversation if it belongs to the tenant.
const CONTINUE: &str = "
UPDATE conversations SET updated_at = greatest(updated_at, $3) WHERE id = $1 AND tenant = $2";

#[async_trait]
impl Conversations for Postgres {
    async fn history(&self, tenant: &TenantId, conversation: Uuid) -> Result<Option<History>, StoreError> {
        self.call("select", "messages", history(&self.db, tenant, conversation)).await
    }

    async fn conversations(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<Conversation>>, StoreError> {
        use conversations::Column::{Id, Tenant, UpdatedAt};
        let mine = conversations::Entity::find().filter(Tenant.eq(tenant.as_str()));
        let mut page = mine.clone();
        if let Some(id) = after {
            let Some(last) = mine.filter(Id.eq(id)).one(&self.db).await? else { return Ok(None) };
            let older = Condition::any()
                .add(UpdatedAt.lt(last.updated_at))
                .add(Condition::all().add(UpdatedAt.eq(last.updated_at)).add(Id.lt(id)));
            page = page.filter(older);
        }
        let rows = page.order_by_desc(UpdatedAt).order_by_desc(Id).limit(limit).all(&self.db).await?;
        Ok(Some(rows.into_iter().map(read).collect()))
    }

    async fn conversation(
        &self,
        tenant: &TenantId,
        id: Uuid,
        limit: u64,
    ) -> Result<Option<(Conversation, Vec<StoredMessage>)>, StoreError> {
        let mine = conversations::Column::Tenant.eq(tenant.as_str());
        let Some(found) = conversations::Entity::find_by_id(id).filter(mine).one(&self.db).await? else {
            return Ok(None);
        };
        let mut rows = messages::Entity::find()
            .filter(messages::Column::Conversation.eq(id))
            .filter(messages::Column::Tenant.eq(tenant.as_str()))
            .order_by_desc(messages::Column::Id)
            .limit(limit)
            .all(&self.db)
            .await?;
        rows.reverse();
        Ok(Some((read(found), rows.into_iter().map(read_message).collect::<Result<_, _>>()?)))
    }

    async fn has_conversation(&self, tenant: &TenantId, id: Uuid) -> Result<bool, StoreError> {
        let mine = conversations::Column::Tenant.eq(tenant.as_str());
        Ok(conversations::Entity::find_by_id(id).filter(mine).count(&self.db).await? > 0)
    }

    async fn rename_conversation(
        &self,
        tenant: &TenantId,
        id: Uuid,
        title: &str,
    ) -> Result<Option<Conversation>, StoreError> {
        let renamed = conversations::Entity::update_many()
            .col_expr(conversations::Column::Title, Expr::value(text(title)))
            .filter(conversations::Column::Id.eq(id))
            .filter(conversations::Column::Tenant.eq(tenant.as_str()))
            .exec_with_returning(&self.db)
            .await?;
        Ok(renamed.into_iter().next().map(read))
    }

    async fn delete_conversation(&self, tenant: &TenantId, id: Uuid) -> Result<bool, StoreError> {
        let mine = conversations::Column::Tenant.eq(tenant.as_str());
        let deleted = conversations::Entity::delete_by_id(id).filter(mine).exec(&self.db).await?;
        Ok(deleted.rows_affected > 0)
    }
}

pub(super) async fn append(db: &impl ConnectionTrait, ended: &Ended, turn: &Turn) -> Result<(), StoreError> {
    let tenant = ended.job.tenant.as_str();
    if !touch(db, ended, turn).await? {
        return Ok(());
    }
    for some in turn.messages.chunks(ROWS) {
        let rows = some.iter().map(|message| messages::ActiveModel {
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
        messages::Entity::insert_many(rows).exec_without_returning(db).await?;
    }
    Ok(())
}

/// False if the turn continues a conversation that was deleted. Refuses another tenant's conversation.
async fn touch(db: &impl ConnectionTrait, ended: &Ended, turn: &Turn) -> Result<bool, StoreError> {
    let (tenant, at) = (ended.job.tenant.as_str(), ended.ended_at);
    let mut values = vec![turn.conversation.into(), tenant.into()];
    let statement = match turn.begins {
        true => {
            values.extend([text(&turn.title()).into(), at.into()]);
            TOUCH
        }
        false => {
            values.push(at.into());
            CONTINUE
        }
    };
    let touch = Statement::from_sql_and_values(db.get_database_backend(), statement, values);
    if db.execute_raw(touch).await?.rows_affected() > 0 {
        return Ok(true);
    }
    if !turn.begins && conversations::Entity::find_by_id(turn.conversation).count(db).await? == 0 {
        return Ok(false);
    }
    Err(no_such_conversation(turn.conversation))
}

fn cited(message: &TurnMessage) -> Option<Value> {
    let citations = message.citations.as_ref()?;
    // Serialization can't fail: plain structs of strings and numbers.
    Some(json(serde_json::to_value(citations).unwrap_or_else(|_| Value::Array(Vec::new()))))
}

async fn history(
    db: &impl ConnectionTrait,
    tenant: &TenantId,
    conversation: Uuid,
) -> Result<Option<History>, StoreError> {
    let tenant = tenant.as_str();
    let owned = conversations::Entity::find_by_id(conversation).filter(conversations::Column::Tenant.eq(tenant));
    if owned.count(db).await? == 0 {
        return Ok(None);
    }
    let all = messages::Entity::find()
        .select_only()
        .columns([messages::Column::Id, messages::Column::Role, messages::Column::Content])
        .filter(messages::Column::Conversation.eq(conversation))
        .filter(messages::Column::Tenant.eq(tenant));
    let newest = all.clone().order_by_desc(messages::Column::Id).limit(HISTORY_MESSAGES);
    let mut rows: Vec<(i64, String, String)> = newest.into_tuple().all(db).await?;
    rows.reverse();
    let mut left_out = 0;
    if let Some((first, ..)) = rows.first()
        && rows.len() as u64 == HISTORY_MESSAGES
    {
        let older = all.filter(messages::Column::Id.lt(*first));
        left_out = older.clone().count(db).await?;
        let oldest = older.order_by_asc(messages::Column::Id).limit(HISTORY_INSTRUCTIONS);
        let mut kept: Vec<(i64, String, String)> = oldest.into_tuple().all(db).await?;
        kept.truncate(kept.iter().take_while(|(_, role, _)| role == Role::System.as_str()).count());
        left_out -= kept.len() as u64;
        rows.splice(..0, kept);
    }
    let messages = rows.into_iter().map(|(_, role, content)| Ok(Message { role: read_role(&role)?, content }));
    let messages = messages.collect::<Result<_, StoreError>>()?;
    Ok(Some(History { messages, left_out }))
}

fn read_role(role: &str) -> Result<Role, StoreError> {
    let roles = [Role::System, Role::User, Role::Assistant];
    let unknown = || StoreError::Unavailable(format!("a message of role {role:?} can't be read by this release"));
    roles.into_iter().find(|known| known.as_str() == role).ok_or_else(unknown)
}

fn read(row: conversations::Model) -> Conversation {
    let conversations::Model { id, title, created_at, updated_at, .. } = row;
    Conversation { id, title, created_at, updated_at }
}

fn read_message(row: messages::Model) -> Result<StoredMessage, StoreError> {
    let messages::Model { id, job, role, content, model, citations, created_at, .. } = row;
    let citations = readable("messages.citations", citations.map(serde_json::from_value).transpose())?;
    Ok(StoredMessage { id, job, role, content, model, citations, created_at })
}
