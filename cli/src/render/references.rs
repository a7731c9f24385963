//! Which files a text names: pictures of Markdown and of HTML in it, style sheets and pictures of the front matter,
//! fonts and pictures of CSS, also of CSS in the front matter and in `<style>`. The names are as written; `files` resolves them.
//!
//! Tokens suffice: Markdown by pulldown-cmark, HTML by html5gum, CSS by cssparser.

use cssparser::{ParseError, Token};
use html5gum::{DefaultEmitter, Tokenizer};
use pulldown_cmark::{Event, Options, Parser, Tag};
use ruche_schemas::front::{Split, split};
use serde_json::Value;

/// The endings of values that name a file.
const ENDINGS: [&str; 10] = [".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ttf", ".otf", ".ttc", ".css"];
/// How deep CSS and data are searched.
const DEEPEST: usize = 32;

/// In order.
pub(super) fn of_markdown(markdown: &str) -> Vec<String> {
    let Split { front, body } = split(markdown);
    // Only its lines are read, so it need not be valid.
    let front = front.map(|front| front.text).unwrap_or_default();
    let mut names: Vec<String> = front.lines().filter_map(of_line).chain(of_css(front)).collect();
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_DEFINITION_LIST
        | Options::ENABLE_MATH
        | Options::ENABLE_HEADING_ATTRIBUTES;
    let mut html = String::new();
    for event in Parser::new_ext(body, options) {
        match event {
            // A tag may span several lines, each an event.
            Event::Html(line) => html.push_str(&line),
            Event::InlineHtml(tag) => pictures(&tag, &mut names),
            _ => {
                pictures(&std::mem::take(&mut html), &mut names);
                if let Event::Start(Tag::Image { dest_url, .. }) = event {
                    names.push(dest_url.trim().to_owned());
                }
            }
        }
    }
    pictures(&html, &mut names);
    names
}

/// Of `<img>` and in `<style>`.
fn pictures(html: &str, names: &mut Vec<String>) {
    let mut emitter = DefaultEmitter::<()>::new_with_span();
    // Tags in scripts or comments are none.
    emitter.naively_switch_states(true);
    let mut in_style = false;
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            html5gum::Token::StartTag(tag) => {
                in_style = *tag.name == b"style";
                let source = tag.attributes.get(b"src".as_slice()).filter(|_| *tag.name == b"img");
                names.extend(source.map(|source| String::from_utf8_lossy(source).trim().to_owned()));
            }
            html5gum::Token::String(text) if in_style => names.extend(of_css(&String::from_utf8_lossy(&text))),
            _ => {}
        }
    }
}

pub(super) fn of_css(css: &str) -> Vec<String> {
    let mut names = Vec::new();
    urls(&mut cssparser::Parser::new(css), 0, &mut names);
    names
}

/// The names in variables for a template.
pub(super) fn of_data(data: &Value) -> Vec<String> {
    let mut names = Vec::new();
    texts(data, 0, &mut names);
    names
}

/// `logo: "img/logo.svg"`, `- print.css`, `logo = 'a.png'`.
fn of_line(line: &str) -> Option<String> {
    let value = line.trim_start_matches([' ', '\t', '-']);
    let value = value.split_once([':', '=']).map_or(value, |(_, value)| value);
    let value = value.trim().trim_matches(['"', '\'', '[', ']', ',', ' ']);
    is_file(value).then(|| value.to_owned())
}

fn is_file(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    value.len() <= 255 && ENDINGS.iter().any(|ending| lower.ends_with(ending))
}

fn texts(data: &Value, depth: usize, names: &mut Vec<String>) {
    match data {
        _ if depth > DEEPEST => {}
        Value::String(text) if is_file(text) => names.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, depth + 1, names)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, depth + 1, names)),
        _ => {}
    }
}

fn urls(parser: &mut cssparser::Parser<'_>, depth: usize, names: &mut Vec<String>) {
    while let Ok(token) = parser.next().cloned() {
        match token {
            Token::UnquotedUrl(url) => names.push(url.to_string()),
            Token::Function(name) if name.eq_ignore_ascii_case("url") => {
                let url =
                    parser.parse_nested_block(|inside| inside.expect_string_cloned().map_err(ParseError::<()>::from));
                names.extend(url.ok().map(|url| url.to_string()));
            }
            Token::Function(_) | Token::ParenthesisBlock | Token::SquareBracketBlock | Token::CurlyBracketBlock
                if depth < DEEPEST =>
            {
                let inside = parser.parse_nested_block(|inside| {
                    urls(inside, depth + 1, names);
                    Ok::<_, ParseError<()>>(())
                });
                // The renderer reports what can't be read.
                let _ = inside;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pictures_are_found_wherever_markdown_has_them() {
        let text = "---\ntitle: A: b\nlogo: \"img/logo.svg\"\nstylesheet:\n  - print.css\n---\n![a](<a b.png>)\n\n\
                    [![in a link](b.png \"t\")](x)\n\n<p>hi <IMG\nsrc = 'c%20d.png'></p>\n\n![ref]\n\n[ref]: e.png\n\n\
                    `![not](f.png)`\n\n```\n![not](g.png)\n```\n\n| a |\n|---|\n| ![](h.png) |\n\n<!-- <img src=i.png> -->\n";
        let expected = ["img/logo.svg", "print.css", "a b.png", "b.png", "c%20d.png", "e.png", "h.png"];
        assert_eq!(of_markdown(text), expected);
    }

    #[test]
    fn what_is_no_front_matter_is_text() {
        assert_eq!(of_markdown("---\n![a](a.png)\n"), ["a.png"]);
        assert_eq!(of_markdown("+++\nlogo = 'a.png'\n+++\n"), ["a.png"]);
        assert_eq!(of_markdown("\u{feff}--- \nx: a.png\n---"), ["a.png"]);
        for odd in ["", "-", "---", "é", "---\n", "+++\n+++"] {
            assert_eq!(of_markdown(odd), Vec::<String>::new(), "{odd:?}");
        }
    }

    #[test]
    fn css_in_a_document_names_files_too() {
        let text = "---\ncss: |\n  @font-face { src: url(a.ttf) }\n---\n<style>\n@font-face { src: url('b.ttf') }\n\
                    h1 { background: url(c.png) }\n</style>\n\nurl(no.png) <p>url(no.png)</p>\n";
        assert_eq!(of_markdown(text), ["a.ttf", "b.ttf", "c.png"]);
    }

    #[test]
    fn css_names_its_files_by_url() {
        let css = "@font-face { src: local(x), url(\"f/a b.ttf\") format('truetype'), url( b.otf ) } /* url(no.png) */\n\
                   h1 { content: \"url(no)\"; background: image-set(url('c.svg')) } } url(d.png";
        assert_eq!(of_css(css), ["f/a b.ttf", "b.otf", "c.svg", "d.png"]);
        assert_eq!(of_css(&"(".repeat(100_000)), Vec::<String>::new());
    }

    #[test]
    fn data_names_files_by_how_they_end() {
        let data = json!({"logo": "a.PNG", "text": "about.", "items": [{"picture": "b/c.svg"}], "n": 1});
        let mut names = of_data(&data);
        names.sort();
        assert_eq!(names, ["a.PNG", "b/c.svg"]);
    }
}
