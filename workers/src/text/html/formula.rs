//! MathML as one line: the TeX that it carries, else its letters and signs in order.

use ego_tree::NodeRef;
use scraper::{Node, node::Element};

use crate::text::{extracted::one_line, formula::group};

/// Formulas nested deeper are cut.
const DEPTH: usize = 64;
/// Operators that stand between spaces.
const SPACED: [&str; 16] = ["=", "+", "-", "−", "<", ">", "≤", "≥", "≠", "≈", "→", "⇒", "±", "·", "×", "∈"];
/// Function application and other invisible operators.
const INVISIBLE: [char; 4] = ['\u{2061}', '\u{2062}', '\u{2063}', '\u{2064}'];

/// The formula of a hidden element that is there for it alone: screen readers read it, and a picture is shown.
pub(super) fn within(hidden: NodeRef<'_, Node>) -> Option<String> {
    let mut node = hidden;
    for _ in 0..4 {
        let mut children = node.children().filter(|child| child.value().is_element());
        node = children.next().filter(|_| children.next().is_none())?;
        if name(node) == "math" {
            return Some(line(node));
        }
    }
    None
}

pub(super) fn line(math: NodeRef<'_, Node>) -> String {
    let carried = annotation(math).or_else(|| attribute(math, "alttext").map(str::to_owned));
    let carried = carried.map(|tex| plain(&one_line(&tex)).to_owned()).filter(|tex| !tex.is_empty());
    carried.unwrap_or_else(|| one_line(&linear(math, 0)))
}

fn element<'a>(node: NodeRef<'a, Node>) -> Option<&'a Element> {
    match node.value() {
        Node::Element(element) => Some(element),
        _ => None,
    }
}

fn name(node: NodeRef<'_, Node>) -> &str {
    element(node).map_or("", Element::name)
}

fn attribute<'a>(node: NodeRef<'a, Node>, name: &str) -> Option<&'a str> {
    element(node)?.attr(name)
}

fn annotation(math: NodeRef<'_, Node>) -> Option<String> {
    let is_tex = |node: &NodeRef<'_, Node>| {
        name(*node) == "annotation"
            && attribute(*node, "encoding").is_some_and(|encoding| encoding.to_ascii_lowercase().contains("tex"))
    };
    let found = math.descendants().find(is_tex)?;
    Some(found.descendants().filter_map(|node| node.value().as_text().map(|text| &**text)).collect())
}

/// Without the style that renderers put around it.
fn plain(tex: &str) -> &str {
    let styled =
        ["{\\displaystyle ", "{\\textstyle ", "\\displaystyle "].iter().find_map(|begin| tex.strip_prefix(begin));
    match styled {
        Some(rest) if tex.starts_with('{') => rest.strip_suffix('}').unwrap_or(rest).trim(),
        Some(rest) => rest.trim(),
        None => tex,
    }
}

fn linear(node: NodeRef<'_, Node>, depth: usize) -> String {
    if let Node::Text(text) = node.value() {
        return text.trim().replace(INVISIBLE, "");
    }
    if depth > DEPTH {
        return String::new();
    }
    let parts = || node.children().filter(|child| child.value().is_element()).map(|child| linear(child, depth + 1));
    let all = || node.children().map(|child| linear(child, depth + 1)).collect::<String>();
    let numbered: &[&str] = match name(node) {
        "annotation" | "annotation-xml" | "none" => return String::new(),
        "mo" => {
            let sign = all();
            return if SPACED.contains(&sign.as_str()) { format!(" {sign} ") } else { sign };
        }
        "mtext" | "ms" => return format!(" {} ", all()),
        "mspace" => return " ".to_owned(),
        "msqrt" => return format!("√{}", group(&all())),
        "mtr" | "mlabeledtr" => return parts().collect::<Vec<_>>().join(", "),
        "mtable" => return parts().collect::<Vec<_>>().join("; "),
        "mfrac" => &["", "/"],
        "msup" | "mover" => &["", "^"],
        "msub" | "munder" => &["", "_"],
        "msubsup" | "munderover" => &["", "_", "^"],
        "mroot" => {
            return parts().collect::<Vec<_>>().iter().rev().map(|part| group(part)).collect::<Vec<_>>().join("√");
        }
        _ => return all(),
    };
    parts().zip(numbered).map(|(part, sign)| format!("{sign}{}", group(&part))).collect()
}

#[cfg(test)]
mod tests {
    use scraper::Html;

    use super::*;

    fn of(math: &str) -> String {
        let page = Html::parse_document(math);
        let found = page.root_element().descendants().find(|node| name(*node) == "math");
        found.map(line).unwrap_or_default()
    }

    #[test]
    fn what_a_formula_carries_is_its_line() {
        let presentation = "<mrow><mi>E</mi><mo>=</mo><mi>m</mi></mrow>";
        let tex = format!(
            "<math alttext='no'><semantics>{presentation}<annotation encoding='application/x-tex'>E =\n m c^2</annotation>\
             </semantics></math>"
        );
        assert_eq!(of(&tex), "E = m c^2");
        assert_eq!(of(&format!("<math alttext='{{\\displaystyle E=m}}'>{presentation}</math>")), "E=m");
        let other = "<annotation encoding='application/x-maple'>no</annotation>";
        assert_eq!(of(&format!("<math alttext=''><semantics>{presentation}{other}</semantics></math>")), "E = m");
    }

    #[test]
    fn others_are_read_in_order() {
        for (math, expected) in [
            ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>12</mn></mfrac>", "(a + b)/12"),
            (
                "<msup><mi>c</mi><mn>2</mn></msup><mo>⁢</mo><msub><mi>x</mi><mrow><mi>i</mi><mn>1</mn></mrow></msub>",
                "c^2x_(i1)",
            ),
            ("<munderover><mo>∑</mo><mi>k</mi><mi>n</mi></munderover>", "∑_k^n"),
            ("<msqrt><mi>x</mi><mo>−</mo><mn>1</mn></msqrt>", "√(x − 1)"),
            ("<mroot><mi>x</mi><mn>3</mn></mroot>", "3√x"),
            ("<mi>sin</mi><mo>&#x2061;</mo><mo>(</mo><mi>x</mi><mo>)</mo>", "sin(x)"),
            (
                "<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>0</mn></mtd></mtr><mtr><mtd><mn>2</mn></mtd></mtr></mtable>",
                "1, 0; 2",
            ),
            ("<mi>x</mi><mtext>if</mtext><mi>y</mi>", "x if y"),
        ] {
            assert_eq!(of(&format!("<math>{math}</math>")), expected);
        }
    }

    #[test]
    fn no_depth_stops_it() {
        assert_eq!(of(&format!("<math>{}<mi>x</mi>", "<mrow>".repeat(5_000))), "");
    }
}
