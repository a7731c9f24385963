//! Converts PDF to Markdown in reading order, by ourselves on hayro: no library was found that keeps columns and tables
//! as well (benches/README.md). A PDF has only positioned glyphs: an interpreter draws each page onto the [`pen`],
//! which collects [`words`] at their places, those of [`forms`] among them; those that are no [`legible`] text are left
//! out. Words become [`rows`], rows become [`columns`] or [`blocks`]. Aligned cells, those of several lines
//! ([`wrapped`]), and those between the [`rules`] of a page, [`ruled`] on all sides or in [`strips`], become [`tables`];
//! [`running`] headers, page numbers and what a [`browser`] adds are left out. [`lines`] writes larger lines as headings
//! and the others as paragraphs. Formulas come out as plain words.

mod blocks;
mod browser;
mod columns;
mod continued;
mod divided;
mod edge;
mod extract;
mod fonts;
mod forms;
mod headings;
mod legible;
mod lines;
mod pages;
mod pen;
mod piece;
mod region;
mod rows;
mod ruled;
mod rules;
mod running;
mod shape;
mod strings;
mod strips;
mod tables;
mod type_3;
mod words;
mod wrapped;

pub(crate) use extract::extract;

#[cfg(test)]
mod tests;
