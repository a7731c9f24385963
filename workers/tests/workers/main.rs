//! What workers do, with real and with scripted models: one program, so that llama.cpp and Typst are linked once.

mod documents;
mod egress;
mod encoder;
mod engine;
mod extract;
mod minilm;
mod model;
mod runtime;
mod typst;
