//! SQL with its arguments.

use sqlx::{Arguments as _, Encode, Postgres, Type, postgres::PgArguments};

use crate::error::StoreError;

#[derive(Default)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) arguments: PgArguments,
    count: usize,
}

impl Statement {
    pub(super) fn bind<'t, T: Encode<'t, Postgres> + Type<Postgres>>(
        &mut self,
        value: T,
    ) -> Result<String, StoreError> {
        self.arguments
            .add(value)
            .map_err(|error| StoreError::Unavailable(format!("an argument can't be sent: {error}")))?;
        self.count += 1;
        Ok(format!("${}", self.count))
    }
}
