//! The encoder: its thread on a model of thirty lines, and the whole of it on llama.cpp with a real model.

#![cfg(feature = "embed")]

mod batching;
mod llama;
mod rank;
mod support;
