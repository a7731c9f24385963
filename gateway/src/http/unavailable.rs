//! Turns errors of the bus, the store, and the schemas into answers.

use ruche_bus::{PublishError, Unavailable};
use ruche_schemas::Invalid;
use ruche_store::StoreError;

use super::{error::ApiError, limits};

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        Self::invalid(invalid.param.clone(), invalid.to_string())
    }
}

impl From<PublishError> for ApiError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Full { .. } => Self::unavailable("queue_full", error.to_string(), 5),
            PublishError::TenantFull { .. } => {
                let retry = limits::BACKLOG_RETRY_SECONDS;
                Self::capped("backlog_full", "nats.tenant_backlog", error.to_string(), retry)
            }
            PublishError::UnknownKind { .. } => Self::not_found("unknown_kind", error.to_string()).param("kind"),
            PublishError::TooLarge { .. } => Self::too_large("body", error.to_string()),
            PublishError::Unavailable(cause) => Unavailable(cause).into(),
        }
    }
}

impl From<Unavailable> for ApiError {
    fn from(Unavailable(cause): Unavailable) -> Self {
        tracing::warn!(error.message = %cause, "the message bus is not available");
        Self::unavailable("bus_unavailable", "the message bus can't be reached: try again in a moment", 1)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if let StoreError::Refused(_) = error {
            let message = "a value of the request can't be stored or looked for, such as a name with a NUL character";
            return Self::bad_request("not_storable", message);
        }
        tracing::warn!(error.message = %error, "the database is not available");
        Self::unavailable("store_unavailable", "the database can't be reached: try again in a moment", 2)
    }
}
