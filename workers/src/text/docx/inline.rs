//! The text of a paragraph, with its notes and text boxes.

use std::collections::HashMap;

use roxmltree::{Document, Node};

use super::{
    formula,
    xml::{attribute, child, chosen, is_on, name},
};
use crate::text::extracted::one_line;

#[derive(Debug, Default)]
pub(super) struct Inline<'a, 'input> {
    pub(super) text: String,
    /// The labels and texts of notes that are read for the first time.
    pub(super) notes: Vec<(String, String)>,
    pub(super) boxes: Vec<Node<'a, 'input>>,
}

/// Footnotes and endnotes by their ids, each with its label once it was mentioned.
#[derive(Debug, Default)]
pub(super) struct Notes {
    texts: HashMap<(bool, String), String>,
    labels: HashMap<(bool, String), String>,
}

impl Notes {
    pub(super) fn of(footnotes: Option<&Document<'_>>, endnotes: Option<&Document<'_>>) -> Self {
        let mut texts = HashMap::new();
        for (is_end, document) in [(false, footnotes), (true, endnotes)] {
            let all = document.into_iter().flat_map(|document| document.root_element().children());
            // Others have a type: the lines between text and notes.
            for note in all.filter(|note| note.is_element() && attribute(*note, "type").is_none_or(|of| of == "normal"))
            {
                let mut inline = Inline::default();
                let paragraphs = note.descendants().filter(|node| name(*node) == "p");
                for paragraph in paragraphs {
                    inline.read(paragraph, &mut Self::default());
                    inline.text.push(' ');
                }
                let id = attribute(note, "id").unwrap_or_default().to_owned();
                texts.insert((is_end, id), one_line(&inline.text));
            }
        }
        Self { texts, labels: HashMap::new() }
    }

    /// A note's label, and its text when it is mentioned first.
    fn mention(&mut self, is_end: bool, id: &str) -> Option<(String, Option<String>)> {
        let key = (is_end, id.to_owned());
        if let Some(label) = self.labels.get(&key) {
            return Some((label.clone(), None));
        }
        let text = self.texts.get(&key).filter(|text| !text.is_empty())?.clone();
        let number = self.labels.keys().filter(|(end, _)| *end == is_end).count() + 1;
        let label = if is_end { format!("e{number}") } else { number.to_string() };
        self.labels.insert(key, label.clone());
        Some((label, Some(text)))
    }
}

impl<'a, 'input> Inline<'a, 'input> {
    /// Adds what is in a paragraph or in a part of one.
    pub(super) fn read(&mut self, parent: Node<'a, 'input>, notes: &mut Notes) {
        for node in parent.children().filter(Node::is_element) {
            match name(node) {
                "r" => self.run(node, notes),
                "oMath" => self.text.push_str(&formula::line(node)),
                "AlternateContent" => {
                    if let Some(node) = chosen(node) {
                        self.read(node, notes);
                    }
                }
                "sdt" | "hyperlink" | "ins" | "moveTo" | "smartTag" | "fldSimple" | "customXml" | "dir" | "bdo"
                | "sdtContent" | "oMathPara" => self.read(node, notes),
                _ => {}
            }
        }
    }

    fn run(&mut self, run: Node<'a, 'input>, notes: &mut Notes) {
        if child(run, "rPr").is_some_and(|properties| is_on(properties, "vanish")) {
            return;
        }
        for node in run.children().filter(Node::is_element) {
            match name(node) {
                "t" => self.text.push_str(node.text().unwrap_or_default()),
                "tab" | "ptab" => self.text.push('\t'),
                "br" | "cr" => self.text.push('\n'),
                "noBreakHyphen" => self.text.push('-'),
                "sym" => self.symbol(node),
                "footnoteReference" | "endnoteReference" => self.note(node, notes),
                "ruby" => self.ruby(node, notes),
                "drawing" | "pict" | "object" | "AlternateContent" => self.find_boxes(node),
                _ => {}
            }
        }
    }

    /// A sign of a font; those of symbol fonts mean nothing without it.
    fn symbol(&mut self, node: Node<'_, '_>) {
        let code = attribute(node, "char").and_then(|code| u32::from_str_radix(code, 16).ok());
        let sign = code.and_then(char::from_u32).filter(|sign| !('\u{e000}'..='\u{f8ff}').contains(sign));
        self.text.extend(sign.filter(|sign| !sign.is_control()));
    }

    fn note(&mut self, node: Node<'_, '_>, notes: &mut Notes) {
        let id = attribute(node, "id").unwrap_or_default();
        if let Some((label, text)) = notes.mention(name(node) == "endnoteReference", id) {
            self.text.push_str(&format!("[^{label}]"));
            self.notes.extend(text.map(|text| (label, text)));
        }
    }

    /// Characters, and in brackets how they are read.
    fn ruby(&mut self, node: Node<'a, 'input>, notes: &mut Notes) {
        if let Some(base) = child(node, "rubyBase") {
            self.read(base, notes);
        }
        if let Some(reading) = child(node, "rt") {
            self.text.push('(');
            self.read(reading, notes);
            self.text.push(')');
        }
    }

    fn find_boxes(&mut self, parent: Node<'a, 'input>) {
        let parent = if name(parent) == "AlternateContent" { chosen(parent) } else { Some(parent) };
        for node in parent.into_iter().flat_map(|parent| parent.children()).filter(Node::is_element) {
            match name(node) {
                "txbxContent" => self.boxes.push(node),
                _ => self.find_boxes(node),
            }
        }
    }
}
