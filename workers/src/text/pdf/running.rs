//! Leaves out running headers, footers and page numbers: what stands at the same place of many pages.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    browser,
    edge::{CELL, Edge, LARGER, PLACE, edge_rows, id, usual_size},
    headings::Headings,
    rows::text,
    words::Word,
};

/// Pages on which a running row stands at least.
const PAGES: usize = 3;
/// Part of the pages, from the first to the last with a row, on which it stands: left and right pages may differ.
const DENSITY: f64 = 0.4;
/// Part of all pages that are numbered in one sequence, and of those with their number at one place.
const NUMBERED: f64 = 0.25;
/// The words that stand beside the number of a page. A row with others says more than its number.
const PAGE_WORDS: [&str; 40] = [
    "page",
    "pages",
    "p",
    "pg",
    "pp",
    "of",
    "seite",
    "seiten",
    "s",
    "von",
    "pagina",
    "pagine",
    "página",
    "páginas",
    "pág",
    "pag",
    "di",
    "de",
    "do",
    "sur",
    "van",
    "blz",
    "side",
    "sida",
    "sivu",
    "av",
    "af",
    "strona",
    "str",
    "strana",
    "z",
    "ze",
    "oldal",
    "sayfa",
    "стр",
    "страница",
    "из",
    "σελίδα",
    "第",
    "页",
];

/// Takes the running rows out of the pages. One with letters stays once.
pub(super) fn remove(pages: &mut [Vec<Word>]) {
    let count = pages.len();
    let headings = Headings::of(pages);
    let mut gone: HashMap<usize, HashSet<(u64, u64)>> = HashMap::new();
    for (page, words) in pages.iter().enumerate() {
        gone.entry(page).or_default().extend(browser::printed(page, count, words));
        gone.entry(page).or_default().extend(counted(page, count, words));
    }
    for edge in headings.repeated(pages) {
        gone.entry(edge.page).or_default().extend(edge.words);
    }
    if count >= PAGES {
        add_repeated(pages, &mut gone);
    }
    for (page, gone) in gone {
        pages[page].retain(|word| word.angle != 0 || !gone.contains(&id(word)));
    }
}

fn add_repeated(pages: &[Vec<Word>], gone: &mut HashMap<usize, HashSet<(u64, u64)>>) {
    let edges: Vec<Edge> = pages.iter().enumerate().flat_map(|(page, words)| edges(page, words)).collect();
    let usual = usual_size(pages);
    let mut running: Vec<&Edge> = repeated(&edges);
    running.extend(without_first(numbers(&edges, pages.len()), usual));
    for edge in running {
        gone.entry(edge.page).or_default().extend(&edge.words);
    }
}

fn middle(words: &[Word]) -> f64 {
    let ys = || words.iter().filter(|word| word.angle == 0).map(|word| word.y);
    f64::midpoint(ys().fold(f64::MAX, f64::min), ys().fold(f64::MIN, f64::max))
}

/// Words at the edges of a page that only count it: `Page 1 of 3`.
fn counted(page: usize, pages: usize, words: &[Word]) -> Vec<(u64, u64)> {
    let of_cell = |text: String| {
        let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
        let (numbers, names): (Vec<&str>, Vec<&str>) = parts.partition(|part| part.parse::<usize>().is_ok());
        let numbers: Vec<usize> = numbers.iter().filter_map(|number| number.parse().ok()).collect();
        let are_known = names.iter().all(|name| PAGE_WORDS.contains(&name.to_lowercase().as_str()));
        let is_named = names.iter().any(|name| name.chars().count() > 3);
        let is_part = text.contains('/') || !names.is_empty();
        are_known
            && numbers.first() == Some(&(page + 1))
            && ((is_part && numbers[1..] == [pages]) || (is_named && numbers.len() == 1))
    };
    let rows = edge_rows(words);
    let cells = rows.iter().flat_map(|row| row.cells(CELL * row.size));
    cells.filter(|cell| of_cell(text(cell))).flatten().map(id).collect()
}

fn edges(page: usize, words: &[Word]) -> Vec<Edge> {
    let middle = middle(words);
    edge_rows(words).iter().map(|row| Edge::new(page, row, middle)).collect()
}

/// Rows that are equal but for digits and repeat at one place, without the one of each text that stays.
fn repeated(edges: &[Edge]) -> Vec<&Edge> {
    let mut same: BTreeMap<String, Vec<&Edge>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| edge.text.chars().any(char::is_alphabetic)) {
        let key = edge.text.chars().map(|c| if c.is_numeric() { '#' } else { c }).collect();
        same.entry(key).or_default().push(edge);
    }
    let mut found = Vec::new();
    for mut group in same.into_values() {
        group.sort_by(|a, b| a.y.total_cmp(&b.y));
        for place in group.chunk_by(|a, b| b.y - a.y < PLACE) {
            let (first, last) =
                place.iter().fold((usize::MAX, 0), |ends, edge| (ends.0.min(edge.page), ends.1.max(edge.page)));
            let pages = place.iter().map(|edge| edge.page).collect::<HashSet<_>>().len();
            if pages >= PAGES && pages as f64 >= DENSITY * (last + 1 - first) as f64 {
                let mut place = place.to_vec();
                place.sort_by_key(|edge| edge.place());
                let mut known = HashSet::new();
                found.extend(place.into_iter().filter(|edge| !known.insert(edge.text.as_str())));
            }
        }
    }
    found
}

/// Rows with the number of their page at the usual places of page numbers.
fn numbers(edges: &[Edge], pages: usize) -> Vec<&Edge> {
    let least = PAGES.max((NUMBERED * pages as f64).ceil() as usize);
    let mut offsets: BTreeMap<i64, HashSet<usize>> = BTreeMap::new();
    for edge in edges {
        for number in numbers_of(&edge.text) {
            offsets.entry(number - edge.page as i64).or_default().insert(edge.page);
        }
    }
    offsets.retain(|_, pages| pages.len() >= least);
    let is_numbered = |edge: &Edge| {
        is_roman(&edge.text)
            || numbers_of(&edge.text).iter().any(|number| offsets.contains_key(&(number - edge.page as i64)))
    };
    let mut numbered: Vec<&Edge> = edges.iter().filter(|edge| is_numbered(edge)).collect();
    numbered.sort_by(|a, b| a.y.total_cmp(&b.y));
    let places = numbered.chunk_by(|a, b| b.y - a.y < PLACE);
    let least = PAGES.max((NUMBERED / 2.0 * pages as f64).ceil() as usize);
    places.filter(|place| !offsets.is_empty() && place.len() >= least).flatten().copied().collect()
}

/// The numbered rows that go: of those that say more than the number of their page, such as `Chapter 2: Bees`, one
/// of each stays, and headings stay everywhere.
fn without_first(mut numbered: Vec<&Edge>, usual: f64) -> Vec<&Edge> {
    numbered.sort_by_key(|edge| edge.place());
    let mut known = HashSet::new();
    let goes = |edge: &&Edge| {
        let text = beside_number(&edge.text);
        text.is_empty() || (edge.size <= usual * LARGER && !known.insert(text))
    };
    numbered.into_iter().filter(goes).collect()
}

/// What a row says beside the number of its page.
fn beside_number(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).map(str::to_lowercase);
    let words: Vec<String> = words.collect();
    let is_number = words.iter().all(|word| PAGE_WORDS.contains(&word.as_str())) || is_roman(text);
    if is_number { String::new() } else { words.join(" ") }
}

/// The numbers of a short row, or those at the ends of a longer one.
fn numbers_of(text: &str) -> Vec<i64> {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || matches!(c, '/' | '|')).filter(|w| !w.is_empty()).collect();
    let short = words.len() <= 5;
    let is_end = |index: usize| short || index == 0 || index + 1 == words.len();
    let number = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        (word.len() <= 5).then(|| word.parse().ok()).flatten()
    };
    words.iter().enumerate().filter(|(index, _)| is_end(*index)).filter_map(|(_, word)| number(word)).collect()
}

fn is_roman(text: &str) -> bool {
    !text.is_empty() && text.len() < 9 && text.chars().all(|c| "ivxlc".contains(c))
}

#[cfg(test)]
pub(super) mod tests {
    use super::{super::rows::tests::word, *};

    pub(in crate::text::pdf) fn texts(pages: &[Vec<Word>]) -> Vec<String> {
        pages.iter().map(|words| words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join("|")).collect()
    }

    #[test]
    fn headers_stay_once_and_page_numbers_go() {
        let mut pages: Vec<Vec<Word>> = (0..6)
            .map(|page| {
                let rows = [("The handbook, revision 7".to_owned(), 40.0), (format!("Text {}", page * 3), 100.0)];
                let rows = rows.into_iter().chain([(format!("Page {} of 6", page + 1), 800.0)]);
                rows.map(|(text, y)| word(&text, 50.0, y, 10.0)).collect()
            })
            .collect();
        remove(&mut pages);
        let expected = ["The handbook, revision 7|Text 0", "Text 3", "Text 6", "Text 9", "Text 12", "Text 15"];
        assert_eq!(texts(&pages), expected);
    }

    #[test]
    fn a_header_with_the_number_of_its_page_stays_once_and_headings_stay() {
        let of = |header: fn(usize) -> String, size: f64| {
            let page = |page| vec![word(&header(page), 50.0, 40.0, size), word(TEXTS[page], 50.0, 100.0, 10.0)];
            let mut pages: Vec<Vec<Word>> = (0..6).map(page).collect();
            remove(&mut pages);
            texts(&pages)
        };
        const TEXTS: [&str; 6] = ["They fly.", "They work.", "They rest.", "They eat.", "They swarm.", "They sleep."];
        for header in [|page| format!("Chapter {}: Bees", page + 1), |page| format!("{} Bees, 2024 edition", page + 3)]
        {
            let first = format!("{}|They fly.", header(0));
            assert_eq!(of(header, 10.0), [&[first.as_str()], &TEXTS[1..]].concat());
        }
        let lessons = of(|page| format!("Lesson {}", page + 1), 20.0);
        assert_eq!(lessons[3], "Lesson 4|They eat.");
        assert_eq!(of(|page| format!("Seite {} von 6", page + 1), 10.0), TEXTS);
    }

    #[test]
    fn a_footer_stays_on_its_last_page() {
        const TEXTS: [&str; 4] = ["They fly.", "They work.", "They rest.", "They eat."];
        let page = |text: &&str| vec![word(text, 50.0, 100.0, 10.0), word("Honey Ltd", 50.0, 800.0, 8.0)];
        let mut pages: Vec<Vec<Word>> = TEXTS.iter().map(page).collect();
        remove(&mut pages);
        assert_eq!(texts(&pages), ["They fly.", "They work.", "They rest.", "They eat.|Honey Ltd"]);
    }

    #[test]
    fn a_page_that_is_counted_needs_no_others() {
        let page = |text: &str| {
            vec![word("Text", 50.0, 100.0, 10.0), word("Bees", 50.0, 800.0, 8.0), word(text, 300.0, 800.0, 8.0)]
        };
        for (text, left) in [
            ("Page|1|of|1", "Text|Bees"),
            ("Page|2|of|3", "Text|Bees|Page 2 of 3"),
            ("1/1", "Text|Bees"),
            ("1", "Text|Bees|1"),
            ("1.1", "Text|Bees|1.1"),
            ("Seite|1", "Text|Bees"),
        ] {
            let mut pages = vec![page(&text.replace('|', " "))];
            remove(&mut pages);
            assert_eq!(texts(&pages), [left]);
        }
    }

    #[test]
    fn rows_at_other_places_or_on_two_pages_stay() {
        let page = |y: f64| vec![word("Summary", 50.0, y, 10.0)];
        let mut pages = vec![page(40.0), page(60.0), page(80.0), page(100.0)];
        let before = texts(&pages);
        remove(&mut pages);
        assert_eq!(texts(&pages), before);
        let mut pages = vec![page(40.0), page(40.0)];
        remove(&mut pages);
        assert_eq!(texts(&pages), ["Summary", "Summary"]);
    }
}
