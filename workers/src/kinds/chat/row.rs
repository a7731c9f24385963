//! Rows of tables and of named values, such as `Name: Wax; Price: 3`, and the part of a long one that a question asks for.

/// The first values of a row, which say what it is about.
const FIRST: usize = 2;
/// What shows that a text goes on.
const CUT: char = '…';

/// The cells of a table's row.
pub(super) fn cells(line: &str) -> Option<Vec<&str>> {
    let inside = line.strip_prefix('|')?;
    let inside = inside.strip_suffix('|').unwrap_or(inside);
    Some(inside.split('|').map(str::trim).collect())
}

/// Whether a line is the one below the names of a table's columns.
pub(super) fn is_rule(line: &str) -> bool {
    let is_dashes = |cell: &&str| cell.contains('-') && cell.chars().all(|c| matches!(c, '-' | ':'));
    cells(line).is_some_and(|cells| cells.iter().all(is_dashes))
}

/// The values with their names, if a line is such a row. A value with a `;` of its own is in quotes.
pub(super) fn named_values(line: &str) -> Option<Vec<&str>> {
    let mut values = Vec::new();
    let mut rest = line.trim();
    loop {
        let value = rest.find(": ").map(|colon| colon + 2)?;
        // A name has no `;`, or this is a value without a name.
        if rest[..value].contains("; ") {
            return None;
        }
        let quoted = rest[value..].strip_prefix('"');
        let quoted_end = quoted.and_then(|inside| {
            let end = inside.find("\"; ").or_else(|| inside.ends_with('"').then(|| inside.len() - 1))?;
            Some(value + 1 + end + 1)
        });
        let end = quoted_end.or_else(|| rest[value..].find("; ").map(|end| value + end)).unwrap_or(rest.len());
        values.push(&rest[..end]);
        match rest[end..].strip_prefix("; ").map(str::trim_start).filter(|after| !after.is_empty()) {
            Some(after) => rest = after,
            None => return (values.len() > 1).then_some(values),
        }
    }
}

/// Whether a line is a row of named values or of a table: no sentence ends within it.
pub(super) fn is_row(line: &str) -> bool {
    cells(line.trim()).is_some() || named_values(line).is_some()
}

/// The first values and those that the question asks for, in order, as far as they fit; as many as fit if it names no column, the
/// longest first, because remarks say most. `scores` says how much of the question each has.
pub(super) fn asked(
    values: &[String],
    scores: &[f32],
    has_column: bool,
    fits: &dyn Fn(&[String]) -> bool,
) -> Vec<String> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    let words = |at: usize| values[at].split_whitespace().count();
    order.sort_by(|one, other| {
        let first = (*other == 0).cmp(&(*one == 0));
        first.then(scores[*other].total_cmp(&scores[*one])).then(words(*other).cmp(&words(*one)))
    });
    order.retain(|at| !has_column || *at < FIRST || scores[*at] > 0.0);
    let mut kept: Vec<(usize, String)> = Vec::new();
    for at in order {
        let with = |value: &str| {
            let mut with = kept.clone();
            with.push((at, value.to_owned()));
            with.sort_by_key(|(at, _)| *at);
            with
        };
        let fits = |value: &str| fits(&texts(&with(value)));
        let value = match fits(&values[at]) {
            true => Some(values[at].clone()),
            false if scores[at] > 0.0 || at == 0 => beginning(&values[at], &fits),
            false => None,
        };
        if let Some(value) = value {
            kept = with(&value);
        }
    }
    texts(&kept)
}

fn texts(kept: &[(usize, String)]) -> Vec<String> {
    kept.iter().map(|(_, value)| value.clone()).collect()
}

/// As many words of a text as fit; `None` if that are fewer than two.
pub(super) fn beginning(text: &str, fits: &dyn Fn(&str) -> bool) -> Option<String> {
    let ends: Vec<usize> = text.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| at).skip(1).collect();
    let cut = |end: &usize| format!("{} {CUT}", text[..*end].trim_end());
    let count = ends.partition_point(|end| fits(&cut(end)));
    ends[..count].last().map(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_its_values() {
        for (line, expected) in [
            ("Name: Wax; Price: 3", &["Name: Wax", "Price: 3"][..]),
            (
                "Name: Wax; Notes: \"leaflet no. 110; keep dry\"; Stock: 4",
                &["Name: Wax", "Notes: \"leaflet no. 110; keep dry\"", "Stock: 4"],
            ),
            ("Notes: \"a; b: c\"; Code: X-1", &["Notes: \"a; b: c\"", "Code: X-1"]),
            ("Name: Wax; Notes: see p. 3. \"Dry; cool\"", &[]),
            ("A: 6\" pipe; B: 1", &["A: 6\" pipe", "B: 1"]),
            ("A: \"x; B: 1", &["A: \"x", "B: 1"]),
            ("Name: Wax", &[]),
            ("Wax; Price: 3", &[]),
            ("It is so; really: yes", &[]),
            ("", &[]),
            (": ; : ", &[]),
        ] {
            assert_eq!(named_values(line).unwrap_or_default(), expected, "{line}");
        }
    }

    #[test]
    fn what_is_asked_of_a_long_row_is_kept() {
        let values: Vec<String> = (0..50).map(|n| format!("Column {n}: value {n}")).collect();
        let mut scores = vec![0.0; 50];
        let kept = |scores: &[f32], most: usize| {
            asked(&values, scores, scores.iter().any(|score| *score > 0.0), &|values| {
                values.join(" ").split_whitespace().count() <= most
            })
        };
        assert_eq!(kept(&scores, 12), values[..3], "as many as fit");
        (scores[40], scores[30]) = (2.0, 1.0);
        assert_eq!(kept(&scores, 100), [0, 1, 30, 40].map(|n| values[n].clone()));
        assert_eq!(kept(&scores, 9), [0, 40].map(|n| values[n].clone()));
        let named = ["Code: 7", "Name: Wax", "Price: 3", "Notes: keep dry and cold"].map(str::to_owned);
        let whole = asked(&named, &[0.0, 1.0, 0.0, 0.0], false, &|_| true);
        assert_eq!(whole, named, "no column is asked for");
        let short = asked(&named, &[0.0, 1.0, 0.0, 0.0], false, &|values| values.len() < 4);
        assert_eq!(short, ["Code: 7", "Name: Wax", "Notes: keep dry and cold"]);
        let long = ["Name: Wax".to_owned(), "Notes: ".to_owned() + &"dry ".repeat(99)];
        let short = asked(&long, &[0.0, 1.0], true, &|values| values.join(" ").split_whitespace().count() <= 7);
        assert_eq!(short, ["Name: Wax", "Notes: dry dry dry …"]);
    }
}
