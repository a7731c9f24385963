//! The tests of whole documents: one program, so that Typst is linked once.

mod bad_input;
mod built_in;
mod fuzz;
mod golden;
mod spec;
mod standards;
