//! The engine: one language model that answers many chats at once.
//!
//! [`Engine`] is a cheap handle. Behind it one thread owns the model and works in steps (continuous batching): each
//! decode reads one token for every answer that is being generated and some tokens of the prompts that wait, so a
//! new chat joins at the next step and nobody waits for anybody's end. A slow reader pauses its own answer only; a
//! reader that leaves frees its slot within one decode. An answer that another worker began goes on where it
//! stopped (`said`).
//!
//! - [`port`]: what a model has to do. - [`handle`]: starts the thread, queues requests. - [`template`]: messages to tokens.
//! - [`scheduler`]: the thread. - [`plan`]: what the next decode reads. - [`slot`]: one sequence. - [`sampler`]: logits to
//!   a token. - [`text`]: tokens to text that may be published.

mod error;
mod generation;
mod handle;
mod metrics;
mod plan;
pub mod port;
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
pub use request::{Request, Step};
