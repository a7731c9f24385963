//! What browsers print around a page: date and title above it, address and number below it.

use super::{
    edge::{CELL, edge_rows, id},
    rows::text,
    words::Word,
};

/// The words of both rows, if a page has them.
pub(super) fn printed(page: usize, pages: usize, words: &[Word]) -> Vec<(u64, u64)> {
    let rows = edge_rows(words);
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Vec::new() };
    let cells = |row: &super::rows::Row| row.cells(CELL * row.size).into_iter().map(text).collect::<Vec<_>>();
    let (above, below) = (cells(first), cells(last));
    let number = format!("{}/{pages}", page + 1);
    let is_printed = above.len() < 3
        && above.first().is_some_and(|cell| is_time(cell))
        && below.first().is_some_and(|cell| is_address(cell))
        && below.get(1) == Some(&number);
    match is_printed {
        true => first.words.iter().chain(&last.words).map(id).collect(),
        false => Vec::new(),
    }
}

/// Whether a text is a date and a time: `11/30/26, 11:05 PM`, `30.11.26, 23:05`.
fn is_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once(", ") else { return false };
    let is_number = |part: &str| !part.is_empty() && part.len() < 5 && part.bytes().all(|byte| byte.is_ascii_digit());
    let date: Vec<&str> = date.split(['/', '.', '-']).collect();
    let clock = time.split_whitespace().next().unwrap_or_default();
    let is_clock =
        clock.split_once(':').is_some_and(|(hours, rest)| is_number(hours) && rest.split(':').all(is_number));
    date.len() == 3 && date.iter().all(|part| is_number(part)) && is_clock && time.split_whitespace().count() < 3
}

fn is_address(text: &str) -> bool {
    ["http://", "https://", "file:///"].iter().any(|begin| text.starts_with(begin)) && !text.contains(' ')
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            rows::tests::word,
            running::{remove, tests::texts},
        },
        *,
    };

    #[test]
    fn what_a_browser_prints_around_a_page_goes() {
        let page = |date: &str, address: &str| {
            let edges = [(date, 50.0, 20.0), ("Of bees", 250.0, 20.0), (address, 50.0, 800.0), ("1/1", 500.0, 800.0)];
            let mut words: Vec<Word> = edges.iter().map(|(text, left, y)| word(text, *left, *y, 8.0)).collect();
            words.push(word("They fly.", 50.0, 100.0, 10.0));
            let mut pages = vec![words];
            remove(&mut pages);
            texts(&pages).remove(0)
        };
        for date in ["11/30/26, 11:05 PM", "30.11.26, 23:05", "2026-11-30, 23:05:10"] {
            assert_eq!(page(date, "https://bees.org/all"), "They fly.");
        }
        assert_eq!(page("May 2026", "https://bees.org/all"), "May 2026|Of bees|https://bees.org/all|They fly.");
        assert_eq!(page("11/30/26, 11:05 PM", "Bees"), "11/30/26, 11:05 PM|Of bees|Bees|They fly.");
    }
}
