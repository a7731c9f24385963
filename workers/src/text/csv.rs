//! Reads rows of values (RFC 4180, and what programs write): each row becomes a line that names the columns, such as
//! `Name: Wax; Price: 3`, because a row alone does not say what its values are.

use std::collections::HashSet;

use csv::{ReaderBuilder, StringRecord};

use super::extracted::{Extracted, MAX_TEXT_BYTES, one_line};

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// The rows and bytes by which a file is judged.
const SAMPLE: (usize, usize) = (50, 64 << 10);
/// The most lines above a header.
const TITLES: usize = 10;
/// The longest name of a column, in characters.
const NAME: usize = 100;

/// # Errors
/// For a file without values, and one whose text would be too long; it comes after the document's name in a message.
pub(crate) fn extract(text: &str, delimiter: Option<u8>) -> Result<Extracted, String> {
    let (text, declared) = declared_delimiter(text);
    let first_line = 1 + usize::from(declared.is_some());
    let delimiter = delimiter.or(declared).unwrap_or_else(|| sniffed(text));
    let sample = records(sample(text), delimiter).take(SAMPLE.0).collect::<Vec<_>>();
    let titles = titles(&sample);
    let names: Vec<String> = match sample[titles..].split_first() {
        Some((first, others)) if is_header(first, others) => first.iter().map(name).collect(),
        _ => Vec::new(),
    };
    let mut markdown = sample[..titles].iter().map(title).collect::<String>();
    let above = markdown.len();
    for record in records(text, delimiter).skip(titles + usize::from(!names.is_empty())) {
        let line = line(&record, &names);
        if !line.is_empty() {
            markdown.push_str(&line);
            markdown.push('\n');
        }
        if markdown.len() > MAX_TEXT_BYTES {
            return Err(format!("it has more than {MAX_TEXT_BYTES} bytes with its columns' names: divide it"));
        }
    }
    // A header without rows is text as well.
    if markdown.len() == above && !names.is_empty() {
        markdown.push_str(&(names.join("; ") + "\n"));
    }
    match markdown.is_empty() {
        true => Err("it has no values".to_owned()),
        false => Ok(Extracted {
            markdown,
            warnings: open_quote(text, delimiter, first_line).into_iter().collect(),
            title: None,
        }),
    }
}

/// A quote that begins a value and never ends takes all rows after it.
fn open_quote(text: &str, delimiter: u8, first_line: usize) -> Option<String> {
    let (mut line, mut open, mut before) = (first_line, None, delimiter);
    for byte in text.bytes() {
        let begins = before == delimiter || before == b'\n' || before == b'\r';
        match open {
            None if byte == b'"' && begins => open = Some(line),
            // A quote within the value is written twice: the second one opens it again.
            Some(_) if byte == b'"' => open = None,
            None if byte == b'"' && before == b'"' => open = Some(line),
            _ => {}
        }
        line += usize::from(byte == b'\n');
        before = byte;
    }
    open.map(|line| format!("a quote in line {line} is not closed: what follows it is read as one value"))
}

/// A first line `sep=;`, as spreadsheets write it, and the rest.
fn declared_delimiter(text: &str) -> (&str, Option<u8>) {
    let first = text.lines().next().unwrap_or_default();
    let declared = first.strip_prefix("sep=").and_then(|sign| match sign.as_bytes() {
        [sign] => Some(*sign),
        _ => None,
    });
    match declared {
        Some(sign) => (text[first.len()..].trim_start_matches(['\r', '\n']), Some(sign)),
        None => (text, None),
    }
}

fn sample(text: &str) -> &str {
    let end = (0..=SAMPLE.1.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

/// Rows may have fewer or more values than the first one.
fn records(text: &str, delimiter: u8) -> impl Iterator<Item = StringRecord> {
    let reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    reader.into_records().filter_map(Result::ok)
}

/// The sign by which most rows have the same number of values, the first row too, and the most values. A sign that
/// mostly stands as in prose or in a number, or within quotes, is part of the values.
fn sniffed(text: &str) -> u8 {
    let sample = sample(text);
    let score = |delimiter: u8| {
        let rows: Vec<StringRecord> = records(sample, delimiter).take(SAMPLE.0).collect();
        let alike = |length: usize| rows.iter().filter(|row| row.len() == length).count();
        let usual = rows.iter().map(StringRecord::len).max_by_key(|length| (alike(*length), *length)).unwrap_or(0);
        // A sign that parts nothing is none.
        if usual < 2 {
            return (0, 0);
        }
        let first = if rows[0].len() == usual { 0 } else { 20 };
        let halved = rows.iter().filter(|row| row.iter().any(|value| value.matches('"').count() % 2 == 1)).count();
        let against = first + percent(halved, rows.len()) / 2 + punctuation(sample, delimiter) / 2;
        ((percent(alike(usual), rows.len()) + 120).saturating_sub(against), usual)
    };
    // Of equal ones, the first.
    DELIMITERS.into_iter().rev().max_by_key(|delimiter| score(*delimiter)).unwrap_or(b',')
}

/// How often the sign stands in front of a space or as the decimal sign of a number, in percent.
fn punctuation(text: &str, sign: u8) -> usize {
    let (mut all, mut within) = (0, 0);
    for window in text.as_bytes().windows(3).filter(|window| window[1] == sign) {
        let [before, _, after] = window else { continue };
        let is_decimal = sign == b',' && before.is_ascii_digit() && after.is_ascii_digit();
        all += 1;
        within += usize::from(is_decimal || *after == b' ');
    }
    percent(within, all)
}

fn percent(part: usize, all: usize) -> usize {
    (part * 100).checked_div(all).unwrap_or(0)
}

/// Whether the first row names the columns: its values are words or years, few of them equal, and none is a value of its
/// column.
fn is_header(first: &StringRecord, others: &[StringRecord]) -> bool {
    let names = first.iter().map(str::trim).collect::<Vec<_>>();
    let is_name = |name: &str| {
        let begins = name.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '$' | '€' | '@'));
        let letters = name.chars().filter(|c| c.is_alphabetic()).count();
        // `2026-01-02` and `12 kg` are values, `2026 sales` and the year `2026` behind another name are names.
        let is_value = begins && (letters < 3 || name.contains('-')) && !is_year(name);
        !is_value && name.chars().count() <= NAME
    };
    let named = names.iter().filter(|name| !name.is_empty()).count();
    let recurs = |(column, name): (usize, &&str)| {
        !name.is_empty() && others.iter().any(|row| row.get(column).is_some_and(|value| value.trim() == *name))
    };
    let words = names.iter().filter(|name| !name.is_empty() && !is_year(name));
    let distinct = words.clone().map(|name| name.to_lowercase()).collect::<HashSet<_>>().len();
    named * 2 > names.len()
        && distinct > 0
        // `Phone` twice is a name twice; the same word in most columns is a row of values.
        && distinct * 3 >= words.count() * 2
        && names.iter().filter(|name| !name.is_empty()).all(|name| is_name(name))
        && !names.iter().enumerate().any(recurs)
}

/// Whether a name is a year, as above a column of figures.
fn is_year(name: &str) -> bool {
    name.len() == 4 && name.parse().is_ok_and(|year: u16| (1900..2100).contains(&year))
}

/// How many rows are titles, such as `Report of May`: they stand above a header, and have half of its values or fewer.
fn titles(rows: &[StringRecord]) -> usize {
    let lengths = rows.iter().map(length).collect::<Vec<_>>();
    let alike = |length: usize| lengths.iter().filter(|other| **other == length).count();
    let usual = lengths.iter().copied().max_by_key(|length| (alike(*length), *length)).unwrap_or(0);
    let count = lengths.iter().take_while(|length| **length * 2 <= usual).count();
    match rows[count..].split_first() {
        Some((first, others)) if count <= TITLES && !others.is_empty() && is_header(first, others) => count,
        _ => 0,
    }
}

/// Without the empty values at its end.
fn length(row: &StringRecord) -> usize {
    row.iter().enumerate().filter(|(_, value)| !value.trim().is_empty()).last().map_or(0, |(last, _)| last + 1)
}

fn title(row: &StringRecord) -> String {
    let values = row.iter().map(one_line).filter(|value| !value.is_empty()).collect::<Vec<_>>();
    if values.is_empty() { String::new() } else { values.join("; ") + "\n" }
}

fn name(value: &str) -> String {
    one_line(value).trim_end_matches(':').to_owned()
}

fn line(record: &StringRecord, names: &[String]) -> String {
    let values = record.iter().enumerate().map(|(column, value)| (column, quoted(one_line(value))));
    let named = values.filter(|(_, value)| !value.is_empty()).map(|(column, value)| {
        match names.get(column).filter(|name| !name.is_empty()) {
            Some(name) => format!("{name}: {value}"),
            None => format!("Column {}: {value}", column + 1),
        }
    });
    named.collect::<Vec<_>>().join("; ")
}

/// A value with the sign that stands between values is in quotes.
fn quoted(value: String) -> String {
    if value.contains(';') { format!("\"{value}\"") } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        extract(text, None).map_or_else(|error| error, |found| found.markdown)
    }

    #[test]
    fn each_row_names_its_columns() {
        for sign in [",", ";", "\t", "|"] {
            let text = "Part|Name|Price\nPN-1|Bracket|1.50\nPN-2|Screw|0.10\n".replace('|', sign);
            let expected = "Part: PN-1; Name: Bracket; Price: 1.50\nPart: PN-2; Name: Screw; Price: 0.10\n";
            assert_eq!(of(&text), expected, "{sign:?}");
        }
        assert_eq!(
            extract("a b,c\td\n1,5\t2,5\n", Some(b'\t')).map(|found| found.markdown),
            Ok("a b,c: 1,5; d: 2,5\n".into())
        );
        assert_eq!(of("sep=;\r\nA;B\r\n1,5;2\r\n"), "A: 1,5; B: 2\n");
        assert_eq!(of("Preis;Menge\n1,50;3\n2,50;4\n"), "Preis: 1,50; Menge: 3\nPreis: 2,50; Menge: 4\n");
    }

    #[test]
    fn quotes_line_breaks_and_ragged_rows_are_read() {
        let text = "Name,Note,\"Made \nby\"\n\"Wax, pure\",\"First\r\nsecond \"\"line\"\"\",bees\nHoney\n,,,extra\n\n";
        let expected = "Name: Wax, pure; Note: First second \"line\"; Made by: bees\nName: Honey\nColumn 4: extra\n";
        assert_eq!(of(text), expected);
        assert_eq!(of("a,b\n\"never ends,1\n2,3"), "a: never ends,1 2,3\n");
    }

    #[test]
    fn a_quote_that_is_not_closed_is_told() {
        let warnings = |text: &str| extract(text, None).map(|found| found.warnings).unwrap_or_default();
        let told = "a quote in line 3 is not closed: what follows it is read as one value";
        assert_eq!(warnings("A,B\n\"x\ny\",\"open,5\n6,7\n"), [told]);
        assert_eq!(warnings("sep=,\nA,B\n\"open,5\n6,7\n"), [told]);
        for text in ["A,B\n\"a \"\"b\"\"\",5\n6,7\n", "A,B\n5\" pipe,6\n\"\",\"\"\n", "A,B\n\"\"\"x\"\"\",2\n"] {
            assert_eq!(warnings(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn values_may_have_the_signs_that_part_others() {
        for (text, expected) in [
            ("Name,Tags\nWax,red;blue\nHoney,raw;sweet\n", "Name: Wax; Tags: \"red;blue\"\n"),
            (
                "Name,Note\nWax,\"soft; pure, yellow\"\nHoney,\"dark; raw\"\n",
                "Name: Wax; Note: \"soft; pure, yellow\"\n",
            ),
            ("Name;Adresse\nAnna;Bonn, Weg 1\nBen;Ulm, Hof 2\n", "Name: Anna; Adresse: Bonn, Weg 1\n"),
            ("Bonn, Weg 1;3,50\nUlm, Hof 2;4,50\n", "Column 1: Bonn, Weg 1; Column 2: 3,50\n"),
            (
                "Anna,soft; pure; new\nBen,dark; raw; old\nAnna,a; b; c\n",
                "Column 1: Anna; Column 2: \"soft; pure; new\"\n",
            ),
            ("1,50;2,50;3,50\n4,50;5,50;6,50\n", "Column 1: 1,50; Column 2: 2,50; Column 3: 3,50\n"),
            ("Name,Note\nWax,a;b\nOil,c,d;e\nTea,f;g\nJam,h;i\n", "Name: Wax; Note: \"a;b\"\n"),
            ("a, b, c\n1, 2, 3\n", "a: 1; b: 2; c: 3\n"),
            ("1,2,3\n4,5,6\n", "Column 1: 1; Column 2: 2; Column 3: 3\n"),
        ] {
            assert!(of(text).starts_with(expected), "{text:?}: {}", of(text));
        }
    }

    #[test]
    fn titles_above_the_header_are_plain_text() {
        let rows = "Article: Wax; Price: 3\nArticle: Oil; Price: 4\n";
        for titles in ["Report of May\n\n", "Report of May,\n,\n", "\"Report of May\"\n"] {
            assert_eq!(of(&format!("{titles}Article,Price\nWax,3\nOil,4\n")), format!("Report of May\n{rows}"));
        }
        assert_eq!(
            of("Sales\nFrom;May\n\nArticle;Price;Stock;Shelf\nWax;3,50;1;A\nOil;4,50;2;B\n"),
            "Sales\nFrom; May\nArticle: Wax; Price: 3,50; Stock: 1; Shelf: A\n\
             Article: Oil; Price: 4,50; Stock: 2; Shelf: B\n"
        );
        assert_eq!(
            of("Name,Town\nAna,Ulm,x\nBen,Bonn,y\n"),
            "Name: Ana; Town: Ulm; Column 3: x\nName: Ben; Town: Bonn; Column 3: y\n"
        );
    }

    #[test]
    fn years_and_repeated_names_are_names() {
        assert_eq!(of("Product,2023,2024\nWax,10,20\n"), "Product: Wax; 2023: 10; 2024: 20\n");
        assert_eq!(of("Name,Phone,Phone\nAna,111,222\n"), "Name: Ana; Phone: 111; Phone: 222\n");
        assert_eq!(
            of("Wax,2023,10\nOil,2024,20\n"),
            "Column 1: Wax; Column 2: 2023; Column 3: 10\nColumn 1: Oil; Column 2: 2024; Column 3: 20\n"
        );
    }

    #[test]
    fn columns_without_names_are_numbered() {
        for text in [
            "1,Anna\n2,Ben\n",
            "Anna,anna@x.org\nBen,ben@x.org\nAnna,a@x.org\n",
            "2026-01-02,x\n2026-01-03,y\n",
            "a,a\n1,2\n",
        ] {
            assert!(of(text).starts_with("Column 1: "), "{}", of(text));
        }
        assert_eq!(of("Name,,Age\nAnna,x,30\n"), "Name: Anna; Column 2: x; Age: 30\n");
        assert_eq!(of("2024 sales,2025 sales\n1,2\n"), "2024 sales: 1; 2025 sales: 2\n");
        assert_eq!(of("Word\nwax\nhoney\n"), "Word: wax\nWord: honey\n");
    }

    #[test]
    fn what_has_no_rows_is_told() {
        assert_eq!(of("A,B\n"), "A; B\n");
        for text in ["", "\n\n", ",,\n,\n", "sep=,"] {
            assert_eq!(of(text), "it has no values", "{text:?}");
        }
        let wide = format!("{}\n{}", "long name of a column,".repeat(50), "1,2,3,4,5,6,7,8,9\n".repeat(200_000));
        assert!(of(&wide).contains("divide it"));
    }
}
