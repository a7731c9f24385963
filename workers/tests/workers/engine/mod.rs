//! The engine: its scheduler on a model of a hundred lines, and the whole of it on llama.cpp.

#![cfg(feature = "chat")]

mod failures;
mod llama;
mod scheduler;
mod support;
