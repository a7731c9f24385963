//! Stand-ins until the operators' half of the port is built.
use super::Memory;
use crate::*;
use async_trait::async_trait;
use futures::stream::BoxStream;
use ruche_schemas::{JobId, JobRef, Kind, TenantId};
use std::time::Duration;

#[async_trait]
impl Graveyard for Memory {
    async fn bury(&self, letter: &DeadLetter) -> Result<(), Unavailable> {
        self.bury_letter(letter)
    }
    async fn dead(&self, _: &DeadFilter, _: u64, _: usize) -> Result<Vec<Buried>, Unavailable> {
        no()
    }
    async fn dead_count(&self, _: &DeadFilter) -> Result<u64, Unavailable> {
        no()
    }
    async fn dead_letter(&self, _: &JobRef) -> Result<Option<Buried>, Unavailable> {
        no()
    }
    async fn exhume(&self, _: u64) -> Result<bool, Unavailable> {
        no()
    }
    async fn given_up(&self) -> Result<BoxStream<'static, Result<JobRef, Unavailable>>, Unavailable> {
        no()
    }
}
#[async_trait]
impl Controls for Memory {
    async fn hold(&self, _: &Hold, _: bool) -> Result<(), Unavailable> {
        no()
    }
    async fn holds(&self) -> Result<BoxStream<'static, Vec<Hold>>, Unavailable> {
        no()
    }
    async fn queued(&self, _: &Kind, _: &TenantId, _: u64, _: usize) -> Result<Vec<Queued>, Unavailable> {
        no()
    }
    async fn backlog(&self, _: &Kind, _: &TenantId) -> Result<u64, Unavailable> {
        no()
    }
    async fn seat(&self, _: &Kind, _: &TenantId, _: u32, _: JobId) -> Result<Option<Box<dyn Seat>>, Unavailable> {
        no()
    }
    async fn reserve(
        &self,
        _: &Kind,
        _: &TenantId,
        _: &str,
        _: Duration,
        _: JobId,
    ) -> Result<Option<JobId>, Unavailable> {
        no()
    }
}
fn no<T>() -> Result<T, Unavailable> {
    Err(Unavailable("not yet".to_owned()))
}
