//! Adapters: the ports' implementations, one folder or file a library.

pub mod llama;
