//! Tests of workers, with real and with scripted models. One program, so that llama.cpp and Typst are linked once.

mod documents;
mod e5;
mod egress;
mod encoder;
mod engine;
mod extract;
mod formats;
mod minilm;
mod model;
mod runtime;
mod seventh_kind;
mod typst;
mod until;
