//! Finds running headers that repeat the title of the document or of the chapter.

use std::collections::{HashMap, HashSet};

use super::{
    edge::{CELL, Edge, LARGER, PLACE, edge_rows, usual_size},
    rows::{Row, rows, text},
    words::Word,
};

/// Rows of a heading that a running header repeats.
const HEADING_ROWS: usize = 4;

/// The texts of larger rows: a running header often repeats those of the title and of the chapter.
pub(super) struct Headings(HashMap<String, f64>);

impl Headings {
    pub(super) fn of(pages: &[Vec<Word>]) -> Self {
        let usual = usual_size(pages);
        let mut found = HashMap::new();
        let mut add = |text: String, size: f64| {
            let known = found.entry(text).or_insert(size);
            *known = size.max(*known);
        };
        for words in pages {
            let is_large = |word: &&Word| word.angle == 0 && word.size > usual * LARGER;
            let rows = rows(words.iter().filter(is_large).cloned().collect());
            // A heading may have several rows.
            for rows in rows.chunk_by(|row, next| (row.size - next.size).abs() < 0.1 && next.y - row.y < 2.0 * row.size)
            {
                let texts: Vec<String> = rows.iter().take(HEADING_ROWS).map(Row::text).collect();
                add(texts.join(" "), rows[0].size);
                texts.into_iter().for_each(|text| add(text, rows[0].size));
            }
        }
        Self(found)
    }

    /// Rows that repeat headings, and nothing else, at one place of several pages.
    pub(super) fn repeated(&self, pages: &[Vec<Word>]) -> Vec<Edge> {
        let is_heading =
            |cell: &&[Word], size: f64| self.0.get(&text(cell)).is_some_and(|known| *known > size * LARGER);
        let mut found: Vec<Edge> = Vec::new();
        for (page, words) in pages.iter().enumerate() {
            for row in edge_rows(words) {
                if row.cells(CELL * row.size).iter().all(|cell| is_heading(cell, row.size)) {
                    found.push(Edge::new(page, &row, 0.0));
                }
            }
        }
        found.sort_by(|a, b| a.y.total_cmp(&b.y));
        let mut running = Vec::new();
        for edge in found {
            match running.last_mut() {
                None => running.push(vec![edge]),
                Some(place) if place.last().is_some_and(|last: &Edge| edge.y - last.y < PLACE) => place.push(edge),
                Some(_) => running.push(vec![edge]),
            }
        }
        let is_running = |place: &Vec<Edge>| place.iter().map(|edge| edge.page).collect::<HashSet<_>>().len() > 1;
        running.into_iter().filter(is_running).flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        rows::tests::word,
        running::{remove, tests::texts},
    };

    #[test]
    fn a_header_of_titles_that_stand_elsewhere_goes() {
        let page = |chapter: &str, y: f64| {
            let words = [
                ("Of bees", 50.0, 40.0, 9.0),
                (chapter, 300.0, 40.0, 9.0),
                (chapter, 50.0, y, 16.0),
                ("They fly far.", 50.0, 200.0, 10.0),
            ];
            words.map(|(text, x, y, size)| word(text, x, y, size)).to_vec()
        };
        let cover = vec![word("Of bees", 50.0, 300.0, 26.0), word("Ann", 50.0, 500.0, 10.0)];
        let mut pages = vec![cover, page("Hives", 100.0), page("Honey", 120.0)];
        remove(&mut pages);
        assert_eq!(texts(&pages), ["Of bees|Ann", "Hives|They fly far.", "Honey|They fly far."]);
    }
}
