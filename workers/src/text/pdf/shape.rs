//! What cells of a table look like, whatever finds the table.

/// Rows of a table of two columns, and of more.
pub(super) const LEAST: (usize, usize) = (4, 3);
/// Columns are aligned if this share of their cells is.
const ALIGNED: f64 = 0.7;

/// The fewest rows of a table with so many columns.
pub(super) fn least(columns: usize) -> usize {
    if columns == 2 { LEAST.0 } else { LEAST.1 }
}

/// Whether a text has the dots that lead to the number of a page.
pub(super) fn is_leader(text: &str) -> bool {
    text.contains("....") || text.contains(". . .")
}

pub(super) fn is_list_mark(cell: &str) -> bool {
    let inner = cell.trim_matches(|c: char| matches!(c, '(' | ')' | '[' | ']' | '.' | ':'));
    let bullet = cell.chars().count() == 1 && !cell.chars().all(char::is_alphanumeric);
    bullet || (inner.len() < cell.len() && inner.chars().count() <= 3 && inner.chars().all(char::is_alphanumeric))
}

/// Whether most of these share their left end, right end or middle.
pub(super) fn is_level(all: impl Iterator<Item = (f64, f64)>, size: f64) -> bool {
    let mut ends: [Vec<f64>; 3] = Default::default();
    for (left, right) in all {
        ends[0].push(left);
        ends[1].push(right);
        ends[2].push(f64::midpoint(left, right));
    }
    ends.iter_mut().any(|places| {
        places.sort_by(f64::total_cmp);
        let usual = places.get(places.len() / 2).copied().unwrap_or(0.0);
        let same = places.iter().filter(|place| (**place - usual).abs() <= 0.3 * size).count();
        same as f64 >= ALIGNED * places.len() as f64
    })
}

/// Whether a text is a number, with a sign, a currency or a unit.
pub(super) fn is_number(text: &str) -> bool {
    let is_sign =
        |c: char| matches!(c, '+' | '-' | '−' | '–' | '±' | '%' | '‰' | '(' | ')' | '€' | '$' | '£' | '¥' | '₹');
    let is_digits = |word: &str| {
        let inner = word.trim_matches(is_sign);
        inner.starts_with(|c: char| c.is_ascii_digit())
            && inner.ends_with(|c: char| c.is_ascii_digit())
            && inner.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | '’'))
    };
    let (numbers, others): (Vec<&str>, Vec<&str>) = text.split_whitespace().partition(|word| is_digits(word));
    !numbers.is_empty() && others.len() < 2 && others.iter().all(|word| word.chars().count() <= 3)
}
