//! The words of a text, the same for indexing, for queries and for highlights.
//!
//! [`letters`] folds the text's characters, [`tokens`] cuts them into words with their parts and joined forms,
//! [`language`] stems them, [`heads`] adds the last words of compounds, [`index`] writes the vector that Postgres stores, [`query`] reads what somebody asks, and
//! [`highlight`] marks it in a text. [`asking`] knows how people ask, and [`cover`] whether a text has
//! what a question asks for. [`identifier`] tells product codes and the like from their lookalikes, and
//! [`named`] finds them in every spelling.

pub mod asking;
mod compound;
pub mod cover;
mod heads;
pub mod highlight;
pub mod identifier;
pub mod index;
pub mod language;
mod letters;
pub mod named;
mod numbers;
mod phone;
pub mod query;
pub mod sequence;
mod spaced;
mod token;
mod tokens;

/// Changes when the same text gives other terms, so that a document that is sent again is indexed anew.
pub const VERSION: i32 = 6;
