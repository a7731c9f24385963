//! Turns errors of the bus, the store, and the schemas into answers.

use ruche_bus::{PublishError, Unavailable};
use ruche_schemas::Invalid;
use ruche_store::StoreError;

use super::{error::ApiError, limits, nul};

const NOT_STORABLE: &str = "not_storable";

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        let error = Self::invalid(invalid.param.clone(), invalid.to_string());
        match invalid.param == "body" && is_no_object(&invalid.message) {
            true => error.code("invalid_json"),
            false => error,
        }
    }
}

/// Whether a message is about a body that is not JSON, or JSON of another type.
fn is_no_object(message: &str) -> bool {
    message.starts_with("not JSON") || message.ends_with("an object is needed")
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
            if let Some(field) = nul::found() {
                let message = format!("{field}: has a NUL character, which is not allowed");
                return Self::invalid(field, message).code(NOT_STORABLE);
            }
            let message = "a value of the request can't be stored or looked for, such as a name with a NUL character";
            return Self::bad_request(NOT_STORABLE, message);
        }
        tracing::warn!(error.message = %error, "the database is not available");
        Self::unavailable("store_unavailable", "the database can't be reached: try again in a moment", 2)
    }
}
