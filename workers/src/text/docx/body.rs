//! Writes the blocks of a document as Markdown.

use roxmltree::Node;

use super::{
    inline::{Inline, Notes},
    numbering::Numbering,
    styles::{Place, Role, Styles, outline, place},
    xml::{attribute, child, chosen, is_on, name, value},
};
use crate::text::{
    extracted::{heading, one_line, plain_line},
    table::{Cell, Table},
};

/// List levels beyond are not distinguished.
const INDENT: usize = 8;

#[derive(Default)]
pub(super) struct Body {
    styles: Styles,
    numbering: Numbering,
    notes: Notes,
    out: String,
    title: Option<String>,
    /// Whether the last block is a list's item.
    in_list: bool,
}

impl Body {
    pub(super) fn new(styles: Styles, numbering: Numbering, notes: Notes) -> Self {
        Self { styles, numbering, notes, ..Self::default() }
    }

    /// The title, and the Markdown.
    pub(super) fn finish(mut self) -> (Option<String>, String) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        (self.title, self.out)
    }

    pub(super) fn blocks(&mut self, parent: Node<'_, '_>) {
        for node in parent.children().filter(Node::is_element) {
            match name(node) {
                "p" => self.paragraph(node),
                "tbl" => self.table(node),
                "AlternateContent" => {
                    if let Some(node) = chosen(node) {
                        self.blocks(node);
                    }
                }
                "body" | "sdt" | "sdtContent" | "customXml" | "smartTag" | "ins" | "moveTo" => self.blocks(node),
                _ => {}
            }
        }
    }

    fn block(&mut self, text: &str, in_list: bool) {
        if !self.out.is_empty() {
            self.out.push_str(if in_list && self.in_list { "\n" } else { "\n\n" });
        }
        self.out.push_str(text);
        self.in_list = in_list;
    }

    fn paragraph(&mut self, node: Node<'_, '_>) {
        let properties = child(node, "pPr");
        let style = properties.and_then(|properties| value(properties, "pStyle")).unwrap_or_default();
        let (role, of_style) = self.styles.find(style);
        let role = properties.and_then(outline).unwrap_or(role);
        if role == Role::Contents {
            return;
        }
        let mut inline = Inline::default();
        inline.read(node, &mut self.notes);
        if !inline.text.trim().is_empty() {
            let own = properties.map(place).unwrap_or_default();
            let (label, level) = self.label(own, of_style, role);
            self.text(&inline.text, role, label.as_deref(), level);
        }
        self.attached(inline);
    }

    /// The label of the paragraph in its list, and the list's level.
    fn label(&mut self, own: Place, of_style: Place, role: Role) -> (Option<String>, usize) {
        let usual = if let Role::Heading(level) = role { level - 1 } else { 0 };
        let level = own.level.or(of_style.level).unwrap_or(usual);
        let list = own.list.or(of_style.list);
        (list.and_then(|list| self.numbering.label(&list, level)), level)
    }

    fn text(&mut self, text: &str, role: Role, label: Option<&str>, level: usize) {
        let numbered = |text: &str| match label.filter(|label| *label != "-") {
            Some(label) => format!("{label} {text}"),
            None => text.to_owned(),
        };
        match (role, label) {
            (Role::Title, _) => {
                let title = one_line(text);
                self.block(&heading(1, &title), false);
                self.title.get_or_insert(title);
            }
            (Role::Heading(depth), _) => self.block(&heading(depth, &numbered(text)), false),
            (Role::Text | Role::Contents, Some(label)) => {
                let indent = "  ".repeat(level.min(INDENT));
                let lines: Vec<String> = text.lines().map(one_line).filter(|line| !line.is_empty()).collect();
                self.block(&format!("{indent}{label} {}", lines.join(&format!("\n{indent}  "))), true);
            }
            (Role::Text | Role::Contents, None) => {
                let lines = text.lines().map(one_line).filter(|line| !line.is_empty());
                self.block(&lines.map(|line| plain_line(&line)).collect::<Vec<_>>().join("\n"), false);
            }
        }
    }

    /// The text boxes and notes of a paragraph, after it.
    fn attached(&mut self, inline: Inline<'_, '_>) {
        for content in inline.boxes {
            self.blocks(content);
        }
        for (label, text) in inline.notes {
            self.block(&format!("[^{label}]: {text}"), false);
        }
    }

    fn table(&mut self, node: Node<'_, '_>) {
        let is_section = |below: Node<'_, '_>| match name(below) {
            "tbl" => below != node,
            "pStyle" => matches!(self.styles.find(attribute(below, "val").unwrap_or_default()).0, Role::Heading(_)),
            _ => false,
        };
        if node.descendants().any(is_section) {
            return self.cells_as_blocks(node);
        }
        let (mut table, mut attached, mut above) = (Table::default(), Vec::new(), Vec::new());
        for row in rows(node) {
            let mut cells = Vec::new();
            let mut column = 0;
            for cell in parts(row, "tc") {
                let properties = child(cell, "tcPr");
                let columns =
                    properties.and_then(|found| value(found, "gridSpan")?.parse().ok()).unwrap_or(1_usize).min(64);
                let merged = properties.and_then(|found| child(found, "vMerge"));
                let text = match merged.map(|merged| attribute(merged, "val")) {
                    // It continues the one above.
                    Some(None | Some("continue")) => above.get(column).cloned().unwrap_or_default(),
                    _ => self.cell(cell, &mut attached),
                };
                if above.len() < column + columns {
                    above.resize(column + columns, String::new());
                }
                above[column] = if text.len() <= 200 { text.clone() } else { String::new() };
                column += columns;
                cells.push(Cell { text, columns, rows: 1 });
            }
            table.push(cells);
        }
        if let Some(table) = table.markdown() {
            self.block(&table, false);
        }
        attached.into_iter().for_each(|inline| self.attached(inline));
    }

    /// The paragraphs of a cell in one line.
    fn cell<'a, 'input>(&mut self, cell: Node<'a, 'input>, attached: &mut Vec<Inline<'a, 'input>>) -> String {
        let mut text = String::new();
        for paragraph in parts(cell, "p") {
            let mut inline = Inline::default();
            inline.read(paragraph, &mut self.notes);
            text.push_str(&std::mem::take(&mut inline.text));
            text.push(' ');
            attached.push(inline);
        }
        one_line(&text)
    }

    /// A table that sets out a page.
    fn cells_as_blocks(&mut self, table: Node<'_, '_>) {
        for row in rows(table) {
            parts(row, "tc").into_iter().for_each(|cell| self.blocks(cell));
        }
    }
}

fn rows<'a, 'input>(table: Node<'a, 'input>) -> Vec<Node<'a, 'input>> {
    let is_deleted = |row: &Node<'_, '_>| child(*row, "trPr").is_some_and(|properties| is_on(properties, "del"));
    parts(table, "tr").into_iter().filter(|row| !is_deleted(row)).collect()
}

/// The elements of this name, also in what wraps them.
fn parts<'a, 'input>(parent: Node<'a, 'input>, wanted: &str) -> Vec<Node<'a, 'input>> {
    let mut found = Vec::new();
    for node in parent.children().filter(Node::is_element) {
        match name(node) {
            own if own == wanted => found.push(node),
            "sdt" | "sdtContent" | "customXml" | "ins" | "moveTo" => found.extend(parts(node, wanted)),
            _ => {}
        }
    }
    found
}
