//! The encoder: its thread with a scripted model, and all of it on llama.cpp with a real model.

#![cfg(feature = "embed")]

mod batching;
mod llama;
mod rank;
mod support;
