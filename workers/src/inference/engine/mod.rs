//! The engine: one language model that answers many chats at once. [`Engine`] is its handle; one thread owns the
//! model and runs continuous batching: each decode reads one token per running answer and parts of waiting prompts. A
//! slow reader pauses only its own answer; an answer that another worker began continues from its emitted tokens.

mod error;
mod generation;
mod handle;
mod metrics;
mod plan;
pub mod port;
mod quotes;
mod request;
mod sampler;
mod scheduler;
mod slot;
mod template;
mod text;

pub use error::{EngineError, GenerateError, StartError};
pub use generation::Generation;
pub use handle::Engine;
pub use metrics::{Metrics, Snapshot};
pub use request::{Quote, Request, Step};
