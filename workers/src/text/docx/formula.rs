//! A formula of Office (OMML) as one line.

use roxmltree::Node;

use super::xml::{attribute, child, name};
use crate::text::{extracted::one_line, formula::group};

pub(super) fn line(formula: Node<'_, '_>) -> String {
    one_line(&linear(formula))
}

fn linear(node: Node<'_, '_>) -> String {
    let part = |wanted: &str| child(node, wanted).map(linear).unwrap_or_default();
    let grouped = |wanted: &str| group(&part(wanted));
    let marked = |sign: char, wanted: &str| match part(wanted) {
        part if part.is_empty() => part,
        part => format!("{sign}{}", group(&part)),
    };
    let sign = |of: &str, wanted: &str, usual: &str| {
        let properties = child(node, of).and_then(|properties| child(properties, wanted));
        properties.and_then(|found| attribute(found, "val")).unwrap_or(usual).to_owned()
    };
    match name(node) {
        "t" => node.text().unwrap_or_default().to_owned(),
        "f" => format!("{}/{}", grouped("num"), grouped("den")),
        "sSup" | "sSub" | "sSubSup" => format!("{}{}{}", grouped("e"), marked('_', "sub"), marked('^', "sup")),
        "rad" => format!("{}√{}", part("deg"), grouped("e")),
        "nary" => {
            format!("{}{}{} {}", sign("naryPr", "chr", "∫"), marked('_', "sub"), marked('^', "sup"), part("e"))
        }
        "d" => {
            let parts: Vec<String> = node.children().filter(|node| name(*node) == "e").map(linear).collect();
            format!("{}{}{}", sign("dPr", "begChr", "("), parts.join(", "), sign("dPr", "endChr", ")"))
        }
        "mr" => node.children().filter(|node| name(*node) == "e").map(linear).collect::<Vec<_>>().join(", "),
        "m" => node.children().filter(|node| name(*node) == "mr").map(linear).collect::<Vec<_>>().join("; "),
        _ => node.children().filter(Node::is_element).map(linear).collect(),
    }
}
