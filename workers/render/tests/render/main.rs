//! The tests of whole documents: one program, so that Typst is linked once.

mod attributes;
mod bad_input;
mod boxes;
mod browser;
mod built_in;
mod fuzz;
mod golden;
mod headings;
mod inline_boxes;
mod items;
mod links;
mod lost;
mod margin_boxes;
mod markdown;
mod markers;
mod pages;
mod properties;
mod rows;
mod seen;
mod spec;
mod standards;
mod tables;
mod templates;
mod text;
mod words;
