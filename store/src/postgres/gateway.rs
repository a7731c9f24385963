//! The store on Postgres, over the entities of `schemas::tables`. Connects when first asked, so that a gateway
//! starts and serves what it can while the database is away.

use std::{sync::Arc, time::Duration};

use crate::entities::{api_keys, conversations, messages, tenants};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobId, JobRef, TenantId, config, flow::Template};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectOptions, Database, DatabaseConnection, DbErr, EntityTrait,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, TransactionTrait, sea_query::OnConflict,
};
use uuid::Uuid;

use super::{batches, jobs, search};
use crate::{
    jobs::{Batch, Conversation, EndedFilter, EndedJob, Role, Store, StoreError, StoredKey, StoredMessage},
    keys::ApiKey,
};

/// How long to wait for a connection before a request is refused.
pub(super) const CONNECT: Duration = Duration::from_secs(2);
/// How long a statement may run.
pub(super) const STATEMENT: Duration = Duration::from_secs(10);

/// The store.
#[derive(Debug, Clone)]
pub struct Postgres(pub(super) DatabaseConnection, pub(super) Arc<search::Searching>);

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        Self(error.to_string())
    }
}

impl Postgres {
    /// Prepares connections to this database; none is made yet.
    ///
    /// # Errors
    /// When the URL can't be read.
    pub async fn new(settings: &config::Postgres) -> Result<Self, StoreError> {
        let mut options = ConnectOptions::new(settings.url.0.clone());
        options
            .max_connections(settings.connections)
            .connect_timeout(CONNECT)
            .acquire_timeout(CONNECT)
            .statement_timeout(STATEMENT)
            .set_schema_search_path(settings.schema.clone())
            .set_application_name("ruche-gateway")
            .sqlx_logging(false)
            .connect_lazy(true);
        let searching = Arc::new(search::Searching::new(settings)?);
        Ok(Self(Box::pin(Database::connect(options)).await?, searching))
    }
}

#[async_trait]
impl Store for Postgres {
    async fn find_key(&self, id: &str) -> Result<Option<StoredKey>, StoreError> {
        let found = api_keys::Entity::find_by_id(id).filter(api_keys::Column::RevokedAt.is_null()).one(&self.0).await?;
        let Some(row) = found else { return Ok(None) };
        let (tenant, role) = (row.tenant.parse(), row.role.parse());
        let (tenant, role) = (unreadable("api_keys.tenant", tenant)?, unreadable("api_keys.role", role)?);
        Ok(Some(StoredKey { id: row.id, tenant, role, hash: row.hash }))
    }

    async fn create_key(&self, tenant: &TenantId, name: &str, role: Role, key: ApiKey<'_>) -> Result<(), StoreError> {
        let now = Utc::now();
        let transaction = self.0.begin().await?;
        tenants::Entity::insert(tenants::ActiveModel { id: Set(tenant.as_str().into()), created_at: Set(now) })
            .on_conflict(OnConflict::column(tenants::Column::Id).do_nothing().to_owned())
            .exec_without_returning(&transaction)
            .await?;
        let row = api_keys::ActiveModel {
            id: Set(key.id.into()),
            tenant: Set(tenant.as_str().into()),
            name: Set(name.into()),
            role: Set(role.as_str().into()),
            hash: Set(key.hash().to_vec()),
            created_at: Set(now),
            revoked_at: Set(None),
        };
        api_keys::Entity::insert(row).exec_without_returning(&transaction).await?;
        Ok(transaction.commit().await?)
    }

    async fn job(&self, job: &JobRef) -> Result<Option<EndedJob>, StoreError> {
        jobs::find(&self.0, job).await
    }

    async fn jobs(
        &self,
        tenant: &TenantId,
        filter: &EndedFilter,
        limit: u64,
        after: Option<JobId>,
    ) -> Result<Option<Vec<EndedJob>>, StoreError> {
        jobs::list(&self.0, tenant, filter, limit, after).await
    }

    async fn family(&self, tenant: &TenantId, jobs: &[JobId], limit: u64) -> Result<Vec<EndedJob>, StoreError> {
        jobs::family(&self.0, tenant, jobs, limit).await
    }

    async fn put_cancelled(&self, job: &EndedJob) -> Result<Option<Batch>, StoreError> {
        batches::put_cancelled(&self.0, job).await
    }

    async fn create_batch(
        &self,
        tenant: &TenantId,
        id: Uuid,
        callback: Option<&Template>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        batches::create(&self.0, tenant, id, callback, at).await
    }

    async fn add_to_batch(&self, batch: Uuid, jobs: &[JobId]) -> Result<(), StoreError> {
        batches::add(&self.0, batch, jobs).await
    }

    async fn close_batch(&self, tenant: &TenantId, id: Uuid, at: DateTime<Utc>) -> Result<Option<Batch>, StoreError> {
        batches::close(&self.0, tenant, id, at).await
    }

    async fn batch(&self, tenant: &TenantId, id: Uuid) -> Result<Option<Batch>, StoreError> {
        batches::find(&self.0, tenant, id).await
    }

    async fn batches(
        &self,
        tenant: &TenantId,
        limit: u64,
        after: Option<Uuid>,
    ) -> Result<Option<Vec<Batch>>, StoreError> {
        batches::list(&self.0, tenant, limit, after).await
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
            let Some(last) = mine.filter(Id.eq(id)).one(&self.0).await? else { return Ok(None) };
            let older = Condition::any()
                .add(UpdatedAt.lt(last.updated_at))
                .add(Condition::all().add(UpdatedAt.eq(last.updated_at)).add(Id.lt(id)));
            page = page.filter(older);
        }
        let rows = page.order_by_desc(UpdatedAt).order_by_desc(Id).limit(limit).all(&self.0).await?;
        Ok(Some(rows.into_iter().map(conversation).collect()))
    }

    async fn conversation(
        &self,
        tenant: &TenantId,
        id: Uuid,
        limit: u64,
    ) -> Result<Option<(Conversation, Vec<StoredMessage>)>, StoreError> {
        let mine = conversations::Column::Tenant.eq(tenant.as_str());
        let Some(found) = conversations::Entity::find_by_id(id).filter(mine).one(&self.0).await? else {
            return Ok(None);
        };
        let mut rows = messages::Entity::find()
            .filter(messages::Column::Conversation.eq(id))
            .filter(messages::Column::Tenant.eq(tenant.as_str()))
            .order_by_desc(messages::Column::Id)
            .limit(limit)
            .all(&self.0)
            .await?;
        rows.reverse();
        Ok(Some((conversation(found), rows.into_iter().map(message).collect::<Result<_, _>>()?)))
    }

    async fn has_conversation(&self, tenant: &TenantId, id: Uuid) -> Result<bool, StoreError> {
        let mine = conversations::Column::Tenant.eq(tenant.as_str());
        Ok(conversations::Entity::find_by_id(id).filter(mine).count(&self.0).await? > 0)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        // Touches a table: a database without our tables is not ready.
        tenants::Entity::find().limit(1).all(&self.0).await?;
        Ok(())
    }
}

pub(super) fn unreadable<T, E: std::fmt::Display>(column: &str, parsed: Result<T, E>) -> Result<T, StoreError> {
    parsed.map_err(|error| StoreError(format!("{column} can't be read: {error}")))
}

fn conversation(row: conversations::Model) -> Conversation {
    let conversations::Model { id, title, created_at, updated_at, .. } = row;
    Conversation { id, title, created_at, updated_at }
}

fn message(row: messages::Model) -> Result<StoredMessage, StoreError> {
    let messages::Model { id, job, role, content, model, citations, created_at, .. } = row;
    let citations = unreadable("messages.citations", citations.map(serde_json::from_value).transpose())?;
    Ok(StoredMessage { id, job, role, content, model, citations, created_at })
}
