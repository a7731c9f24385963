//! The engine: its scheduler with a scripted model, and all of it on llama.cpp.

#![cfg(feature = "chat")]

mod failures;
mod llama;
mod scheduler;
mod support;
