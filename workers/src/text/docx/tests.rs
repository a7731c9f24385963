use std::io::{Cursor, Write as _};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::extract;
use crate::text::Extracted;

const STYLES: &str = r#"<w:styles xmlns:w="w">
  <w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>
  <w:style w:styleId="Own"><w:name w:val="Clause"/><w:basedOn w:val="berschrift2"/></w:style>
  <w:style w:styleId="berschrift2"><w:name w:val="heading 2"/><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="2"/></w:numPr></w:pPr></w:style>
  <w:style w:styleId="Titel"><w:name w:val="Title"/></w:style>
  <w:style w:styleId="TOC1"><w:name w:val="toc 1"/></w:style>
  <w:style w:styleId="Loop"><w:basedOn w:val="Loop"/></w:style>
</w:styles>"#;
const NUMBERING: &str = r#"<w:numbering xmlns:w="w">
  <w:abstractNum w:abstractNumId="0">
    <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
    <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl>
  </w:abstractNum>
  <w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="upperRoman"/><w:lvlText w:val="§ %1"/></w:lvl></w:abstractNum>
  <w:abstractNum w:abstractNumId="2"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val=""/></w:lvl></w:abstractNum>
  <w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
  <w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>
  <w:num w:numId="3"><w:abstractNumId w:val="2"/></w:num>
  <w:num w:numId="4"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride></w:num>
</w:numbering>"#;
const FOOTNOTES: &str = r#"<w:footnotes xmlns:w="w"><w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:t>no</w:t></w:r></w:p></w:footnote>
  <w:footnote w:id="1"><w:p><w:r><w:t>Counted in </w:t></w:r><w:r><w:t>May.</w:t></w:r></w:p></w:footnote></w:footnotes>"#;

fn packed(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).expect("a part");
        archive.write_all(text.as_bytes()).expect("its bytes");
    }
    archive.finish().expect("an archive").into_inner()
}

/// A DOCX with this in its body.
fn docx(body: &str) -> Vec<u8> {
    let of =
        |kind: &str, target: &str| format!(r#"<Relationship Id="{kind}" Type="http://x/{kind}" Target="{target}"/>"#);
    let relations = |all: String| format!("<Relationships>{all}</Relationships>");
    let package = relations(of("officeDocument", "/doc/main.xml") + &of("core-properties", "docProps/core.xml"));
    let own = relations(of("styles", "styles.xml") + &of("numbering", "numbering.xml") + &of("footnotes", "notes.xml"));
    let document = format!(
        r#"<w:document xmlns:w="w" xmlns:m="m" xmlns:mc="mc" xmlns:v="v"><w:body>{body}</w:body></w:document>"#
    );
    packed(&[
        ("_rels/.rels", &package),
        ("doc/_rels/main.xml.rels", &own),
        ("doc/main.xml", &document),
        ("doc/styles.xml", STYLES),
        ("doc/numbering.xml", NUMBERING),
        ("doc/notes.xml", FOOTNOTES),
        ("docProps/core.xml", "<core><title> On  bees </title></core>"),
    ])
}

fn read(body: &str) -> Extracted {
    extract(&docx(body)).expect("a document")
}

fn markdown(body: &str) -> String {
    read(body).markdown
}

fn run(text: &str) -> String {
    format!(r#"<w:r><w:t xml:space="preserve">{text}</w:t></w:r>"#)
}

fn paragraph(properties: &str, text: &str) -> String {
    format!("<w:p><w:pPr>{properties}</w:pPr>{}</w:p>", run(text))
}

fn styled(style: &str, text: &str) -> String {
    paragraph(&format!(r#"<w:pStyle w:val="{style}"/>"#), text)
}

fn item(list: u32, level: u32, text: &str) -> String {
    paragraph(&format!(r#"<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list}"/></w:numPr>"#), text)
}

#[test]
fn headings_are_those_of_styles_and_of_the_outline() {
    let body = styled("Titel", "A guide")
        + &styled("TOC1", "Bees 3")
        + &styled("berschrift1", "Bees")
        + &paragraph("", "They fly.")
        + &styled("Own", "Wax")
        + &styled("Own", "Honey*")
        + &paragraph(r#"<w:outlineLvl w:val="2"/>"#, "Kept")
        + &paragraph(r#"<w:outlineLvl w:val="9"/>"#, "Text.")
        + &styled("Loop", "# Text.");
    let found = read(&body);
    assert_eq!(found.title.as_deref(), Some("A guide"));
    assert_eq!(
        found.markdown,
        "# A guide\n\n# Bees\n\nThey fly.\n\n## § I Wax\n\n## § II Honey\\*\n\n### Kept\n\nText.\n\n\\# Text.\n"
    );
    assert_eq!(read(&paragraph("", "x")).title.as_deref(), Some("On bees"), "that of its properties");
}

#[test]
fn lists_have_their_numbers() {
    let body = item(1, 0, "One")
        + &item(1, 0, "Two")
        + &item(1, 1, "Two a")
        + &item(1, 1, "Two b")
        + &item(1, 0, "Three")
        + &paragraph("", "Between.")
        + &item(1, 0, "Four")
        + &item(4, 0, "Seven")
        + &item(3, 0, "Mark")
        + &item(0, 0, "None")
        + &item(9, 2, "Unknown");
    let expected = "1. One\n2. Two\n  2.a) Two a\n  2.b) Two b\n3. Three\n\nBetween.\n\n4. Four\n7. Seven\n- Mark\n\nNone\n\n    - Unknown\n";
    assert_eq!(markdown(&body), expected);
}

#[test]
fn text_is_what_a_reader_sees() {
    let body = format!(
        "<w:p>{}<w:ins>{}</w:ins><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:hyperlink>{}</w:hyperlink>\
         <w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t>.</w:t></w:r>\
         <w:r><w:br/><w:t>Co</w:t><w:noBreakHyphen/><w:t>op</w:t><w:softHyphen/><w:t>erate</w:t><w:tab/><w:t>x</w:t>\
         <w:sym w:char='F0E0'/><w:sym w:char='00B1'/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>\
         <w:r><w:ruby><w:rt>{}</w:rt><w:rubyBase>{}</w:rubyBase></w:ruby></w:r></w:p>\
         <w:sdt><w:sdtContent>{}</w:sdtContent></w:sdt>",
        run("They "),
        run("fly "),
        run("far"),
        run("hachi"),
        run("蜂"),
        paragraph("", "In a control.")
    );
    assert_eq!(markdown(&body), "They fly far.\nCo-operate x±蜂(hachi)\n\nIn a control.\n");
}

#[test]
fn tables_are_rows_with_their_merged_cells() {
    let cell =
        |properties: &str, text: &str| format!("<w:tc><w:tcPr>{properties}</w:tcPr>{}</w:tc>", paragraph("", text));
    let row = |cells: &[String]| format!("<w:tr>{}</w:tr>", cells.concat());
    let (down, below, wide) = ("<w:vMerge w:val='restart'/>", "<w:vMerge/>", "<w:gridSpan w:val='2'/>");
    let table = row(&[cell("", "Place"), cell("", "Hive"), cell("", "Bees")])
        + &row(&[cell(down, "East"), cell("", "A|1"), cell("", "20")])
        + &row(&[cell(below, ""), cell("", "A2"), cell("", "30")])
        + &row(&[cell(wide, "All"), cell("", "50")])
        + "<w:tr><w:trPr><w:del/></w:trPr><w:tc/></w:tr>";
    let expected =
        "| Place | Hive | Bees |\n| --- | --- | --- |\n| East | A\\|1 | 20 |\n| East | A2 | 30 |\n| All |  | 50 |\n";
    assert_eq!(markdown(&format!("<w:tbl>{table}</w:tbl>")), expected);
    let inner = format!("<w:tbl>{}</w:tbl>", row(&[cell("", "a"), cell("", "b")]));
    let outer =
        format!("<w:tbl><w:tr><w:tc>{}</w:tc><w:tc>{inner}</w:tc></w:tr></w:tbl>", styled("berschrift1", "Left"));
    assert_eq!(markdown(&outer), "# Left\n\n| a | b |\n| --- | --- |\n");
}

#[test]
fn notes_boxes_and_formulas_are_not_lost() {
    let reference = r#"<w:r><w:footnoteReference w:id="1"/></w:r>"#;
    let body = format!(
        "<w:p>{}{reference}{}{reference}<w:r><w:footnoteReference w:id='7'/></w:r></w:p>",
        run("Bees"),
        run(", wax")
    );
    assert_eq!(markdown(&body), "Bees[^1], wax[^1]\n\n[^1]: Counted in May.\n");
    let content = format!("<w:txbxContent>{}</w:txbxContent>", paragraph("", "In a box."));
    let boxed = format!(
        "<w:p>{}<w:r><mc:AlternateContent><mc:Choice><w:drawing><x>{content}</x></w:drawing></mc:Choice><mc:Fallback>\
         <w:pict><v:textbox>{content}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>",
        run("Before.")
    );
    assert_eq!(markdown(&boxed), "Before.\n\nIn a box.\n");
    let old = format!("<w:p><w:r><w:pict><v:textbox>{content}</v:textbox></w:pict></w:r></w:p>");
    assert_eq!(markdown(&old), "In a box.\n");
    let r = |text: &str| format!("<m:r><m:t>{text}</m:t></m:r>");
    let formula = format!(
        "<w:p>{}<m:oMath>{}<m:f><m:num>{}</m:num><m:den>{}</m:den></m:f><m:sSup><m:e>{}</m:e><m:sup>{}</m:sup></m:sSup>\
         <m:rad><m:deg/><m:e>{}</m:e></m:rad><m:d><m:e>{}</m:e></m:d></m:oMath></w:p>",
        run("So "),
        r("y="),
        r("a+b"),
        r("2"),
        r("x"),
        r("2"),
        r("z"),
        r("k")
    );
    assert_eq!(markdown(&formula), "So y=(a+b)/2x^2√z(k)\n");
}

#[test]
fn what_is_no_docx_is_refused() {
    let refused = |bytes: &[u8]| extract(bytes).err().unwrap_or_else(|| "accepted".to_owned());
    assert!(refused(b"PK\x03\x04 and nothing else").contains("archive can't be opened"));
    assert!(refused(&packed(&[("x", "y")])).contains("no document in it"));
    assert!(refused(&packed(&[("word/document.xml", "<no")])).contains("no XML"));
    assert!(refused(&packed(&[("word/document.xml", "<workbook/>")])).contains("another office program"));
    assert_eq!(
        extract(&packed(&[("word/document.xml", "<document><body><p><r><t>x</t></r></p></body></document>")]))
            .map(|found| found.markdown),
        Ok("x\n".to_owned()),
        "without relations and styles"
    );
    let whole = docx(&paragraph("", "They fly."));
    for length in [4, 100, whole.len() / 2, whole.len() - 10] {
        assert!(extract(&whole[..length]).is_err());
    }
    let mut state = 7_u64;
    for _ in 0..200 {
        let mut bytes = whole.clone();
        for _ in 0..4 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(state >> 33).unwrap_or(0) % bytes.len();
            bytes[at] = u8::try_from(state >> 56).unwrap_or(0);
        }
        let _ = extract(&bytes);
    }
}

#[test]
fn what_unpacks_to_very_much_or_is_nested_very_deep_is_refused() {
    let refused = |bytes: &[u8]| extract(bytes).err().unwrap_or_else(|| "accepted".to_owned());
    let bomb = packed(&[("word/document.xml", &" ".repeat(101 << 20))]);
    assert!(bomb.len() < 1 << 20 && refused(&bomb).contains("unpacks to more than 100 MiB"));
    let deep = format!("{}{}", "<w:tbl>".repeat(100_000), "</w:tbl>".repeat(100_000));
    assert!(refused(&docx(&deep)).contains("nested more than 512 deep"));
    let fine = format!("{}{}{}", "<w:sdt>".repeat(400), paragraph("", "Deep."), "</w:sdt>".repeat(400));
    assert_eq!(markdown(&fine), "Deep.\n");
    let empty = "<w:x a='>'/><!-- <w:x> --><![CDATA[<w:x>]]>".repeat(2_000);
    assert_eq!(markdown(&(empty + &paragraph("", "x"))), "x\n");
}
