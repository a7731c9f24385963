//! Tables without ruled lines whose cells have several lines of text.
//!
//! Lines of text that stand below each other in columns are a table if they break as cells do: within a cell because
//! the next word has no room, and at the end of a row although it has. Columns of prose break for want of room
//! everywhere. Rows are further apart than the lines within them, or begin with the number that each of them has.

use super::{
    piece::Piece,
    region::{Region, region},
    rows::{Row, is_apart},
    shape,
    words::Word,
};

/// Rows of a table are apart by more than the lines within them, by this factor.
const APART: f64 = 1.08;
/// Rows are clearly apart by this factor.
const CLEAR: f64 = 1.25;
/// The most words of a cell on average: more are text in boxes.
const WORDS: usize = 20;
/// Wrapped text fills this part of the way to the next column.
const FILLED: f64 = 0.45;

/// What stands on one baseline, by column.
type Cells = Vec<Option<Piece>>;

/// The number of lines of text, from the first, that are a table, and its cells.
pub(super) fn table(rows: &[&Row]) -> Option<(usize, Vec<Vec<Vec<Word>>>)> {
    let Region { count, columns, titles } = region(rows)?;
    let mut lines: Vec<Cells> = rows[..count].iter().map(|row| cells(row, &columns)).collect();
    for at in titles.into_iter().filter(|at| *at < count) {
        lines[at] = (0..columns.len()).map(|_| None).collect();
        lines[at][0] = Piece::new(rows[at].words.clone());
    }
    let leading = leading(&lines, rows[0].size)?;
    let mut groups = groups(&lines, leading)?;
    // What stands alone below a table is no row of it.
    while groups.last().is_some_and(|group| filled(&lines[group.clone()]) < 2) {
        groups.pop();
    }
    let end = groups.last()?.end;
    lines.truncate(end);
    let groups: Vec<&[Cells]> = groups.into_iter().map(|group| &lines[group]).collect();
    let (ragged, wrapped) = ragged(&groups);
    // Rows that are clearly apart, whose cells have different heights, need no other sign.
    let are_clear = ragged * 4 >= wrapped * 3 && are_apart(&groups, leading);
    let is_found =
        is_table(&groups, &columns) && ragged * 2 >= wrapped && breaks_as_cells(&groups, &columns, are_clear);
    is_found.then(|| {
        let words = |group: &&[Cells]| (0..columns.len()).map(|column| words(group, column)).collect();
        (end, groups.iter().map(words).collect())
    })
}

/// The first table of these rows: where it begins, and how many rows it has.
pub(super) fn find(rows: &[Row]) -> Option<(usize, usize)> {
    let rows: Vec<&Row> = rows.iter().collect();
    (0..rows.len()).find_map(|at| table(&rows[at..]).map(|(count, _)| (at, count)))
}

fn words(group: &[Cells], column: usize) -> Vec<Word> {
    pieces(group, column).flat_map(|piece| piece.words.iter().cloned()).collect()
}

fn pieces(group: &[Cells], column: usize) -> impl DoubleEndedIterator<Item = &Piece> {
    group.iter().filter_map(move |cells| cells.get(column)?.as_ref())
}

/// How many columns of some lines have text.
fn filled(group: &[Cells]) -> usize {
    (0..group.first().map_or(0, Vec::len)).filter(|column| pieces(group, *column).next().is_some()).count()
}

fn cells(row: &Row, columns: &[(f64, f64)]) -> Cells {
    let mut cells: Vec<Vec<Word>> = vec![Vec::new(); columns.len()];
    for word in &row.words {
        let column = columns.partition_point(|column| column.1 < word.middle()).min(columns.len() - 1);
        cells[column].push(word.clone());
    }
    cells.into_iter().map(Piece::new).collect()
}

/// How many rows have cells of different heights, and how many have cells of several lines. Paragraphs in columns that
/// stand beside each other by chance are equally high.
fn ragged(groups: &[&[Cells]]) -> (usize, usize) {
    let heights = |group: &&[Cells]| {
        let all = (0..group.first().map_or(0, Vec::len)).map(|column| pieces(group, column).count());
        all.filter(|height| *height > 0).fold((usize::MAX, 0), |ends, height| (ends.0.min(height), ends.1.max(height)))
    };
    let wrapped: Vec<(usize, usize)> = groups.iter().map(heights).filter(|ends| ends.1 > 1).collect();
    (wrapped.iter().filter(|ends| ends.0 < ends.1).count(), wrapped.len())
}

/// Whether all rows are further apart than the lines within them.
fn are_apart(groups: &[&[Cells]], leading: f64) -> bool {
    let ys = |group: &[Cells]| {
        let ys = || group.iter().flatten().flatten().map(Piece::y);
        (ys().fold(f64::MAX, f64::min), ys().fold(f64::MIN, f64::max))
    };
    groups.windows(2).all(|pair| ys(pair[1]).0 - ys(pair[0]).1 > CLEAR * leading)
}

/// The least step down from line to line of a column.
fn leading(lines: &[Cells], size: f64) -> Option<f64> {
    let columns = lines.first().map_or(0, Vec::len);
    let steps = (0..columns).flat_map(|column| {
        let ys: Vec<f64> = pieces(lines, column).map(Piece::y).collect();
        ys.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>()
    });
    steps.filter(|step| *step > 0.8 * size).min_by(f64::total_cmp)
}

/// The lines of each row.
fn groups(lines: &[Cells], leading: f64) -> Option<Vec<std::ops::Range<usize>>> {
    let y = |line: &Cells| line.iter().flatten().map(Piece::y).fold(f64::MAX, f64::min);
    let mut starts = vec![0];
    starts.extend((1..lines.len()).filter(|at| y(&lines[*at]) - y(&lines[*at - 1]) > APART * leading));
    starts.push(lines.len());
    let anchor = anchor(lines);
    let mut groups = Vec::new();
    for ends in starts.windows(2) {
        let group = &lines[ends[0]..ends[1]];
        let anchored = |at: &usize| anchor.is_some_and(|anchor| is_start(&group[*at], anchor));
        let mut begins: Vec<usize> = (0..group.len()).filter(anchored).collect();
        match begins.first() {
            // The number stands in the middle of its cell, and nothing tells to which the lines between two belong.
            Some(first) if *first > 0 && begins.len() > 1 => return None,
            Some(0) if begins.len() > 1 => {}
            _ => begins = vec![0],
        }
        begins.push(group.len());
        groups.extend(begins.windows(2).map(|pair| ends[0] + pair[0]..ends[0] + pair[1]));
    }
    Some(groups)
}

/// The column of numbers that has most of them: each row has one.
fn anchor(lines: &[Cells]) -> Option<usize> {
    let numbers = |column: usize| pieces(lines, column).filter(|piece| shape::is_number(&piece.text())).count();
    let is_numeric = |column: &usize| numbers(*column) * 5 >= pieces(lines, *column).skip(1).count() * 4;
    let columns = lines.first().map_or(0, Vec::len);
    (0..columns).filter(|column| numbers(*column) > 1 && is_numeric(column)).max_by_key(|column| numbers(*column))
}

fn is_start(cells: &Cells, anchor: usize) -> bool {
    let full = cells.iter().filter(|cell| cell.is_some()).count() + 1 >= cells.len();
    cells.get(anchor).and_then(Option::as_ref).is_some_and(|piece| full || shape::is_number(&piece.text()))
}

/// Whether rows are filled as those of a table. In doubt, they stay lines.
fn is_table(groups: &[&[Cells]], columns: &[(f64, f64)]) -> bool {
    let filled: Vec<usize> = groups.iter().map(|group| filled(group)).collect();
    let all: usize = filled.iter().sum();
    let texts = groups.iter().flat_map(|group| group.iter().flatten().flatten()).map(Piece::text);
    let (mut count, mut has_leader) = (0, false);
    for text in texts {
        count += text.split(' ').count();
        has_leader |= shape::is_leader(&text);
    }
    let first = |group: &&&[Cells]| pieces(group, 0).next().is_some_and(|piece| shape::is_list_mark(&piece.text()));
    // A title over several columns is a row of its own.
    let is_wide =
        |group: &&[Cells]| pieces(group, 0).any(|piece| columns.get(1).is_some_and(|next| piece.right > next.0));
    let has_joined = groups.iter().any(|group| is_wide(group) && group.len() > 1);
    groups.len() >= shape::least(columns.len())
        && !has_joined
        && filled.first().is_some_and(|first| *first > 1)
        && filled.iter().filter(|filled| **filled > 1).count() * 10 >= groups.len() * 7
        && all * 5 >= groups.len() * columns.len() * 3
        && count <= WORDS * all
        && !has_leader
        && groups.iter().filter(first).count() * 2 < groups.len()
        && (0..columns.len()).all(|column| is_aligned(groups, column))
}

fn is_aligned(groups: &[&[Cells]], column: usize) -> bool {
    let all = groups.iter().flat_map(|group| pieces(group, column));
    let size = groups.iter().find_map(|group| pieces(group, column).next()).map_or(1.0, |piece| piece.words[0].size);
    shape::is_level(all.map(|piece| (piece.left, piece.right)), size)
}

/// Whether lines end as those of cells do.
fn breaks_as_cells(groups: &[&[Cells]], columns: &[(f64, f64)], are_clear: bool) -> bool {
    let (mut wrapped, mut forced, mut free) = (0, 0, None);
    for (column, (left, right)) in columns.iter().enumerate() {
        let has_room = |before: &Piece, next: &Piece| before.right - before.left + next.first() < right - left;
        let mut lines = 0;
        for group in groups {
            let all: Vec<&Piece> = pieces(group, column).collect();
            lines += all.len().saturating_sub(1);
            forced += all.windows(2).filter(|pair| !has_room(pair[0], pair[1]) || ends_divided(pair[0])).count();
        }
        wrapped += lines;
        if lines == 0 || !has_words(groups, column) {
            continue;
        }
        if columns.get(column + 1).is_some_and(|next| right - left < FILLED * (next.0 - left)) {
            return false;
        }
        let ends = groups[1..].windows(2).filter_map(|pair| {
            let (last, first) = (pieces(pair[0], column).next_back()?, pieces(pair[1], column).next()?);
            Some(has_room(last, first))
        });
        let ends: Vec<bool> = ends.collect();
        let is_free = ends.iter().filter(|has_room| **has_room).count() * 2 >= ends.len();
        free = Some(free.unwrap_or(false) || is_free);
    }
    wrapped > 0 && forced * 4 >= wrapped * 3 && (are_clear || free.unwrap_or(true))
}

/// Whether most lines of a column have several words. A code that is divided at its hyphen has room for nothing else.
fn has_words(groups: &[&[Cells]], column: usize) -> bool {
    let is_long = |piece: &&Piece| piece.words.windows(2).any(|pair| is_apart(&pair[0], &pair[1]));
    let all = || groups.iter().flat_map(|group| pieces(group, column));
    all().filter(is_long).count() * 2 > all().count()
}

fn ends_divided(piece: &Piece) -> bool {
    piece.words.last().is_some_and(|word| word.text.ends_with(['-', '/', super::words::SOFT_HYPHEN]))
}

#[cfg(test)]
mod tests {
    use super::{
        super::rows::{rows, tests::line},
        *,
    };

    fn read(lines: &[(&str, f64, f64)]) -> Option<Vec<Vec<String>>> {
        let rows = rows(lines.iter().flat_map(|(text, left, y)| line(text, *left, *y)).collect());
        let (_, cells) = table(&rows.iter().collect::<Vec<_>>())?;
        Some(cells.iter().map(|row| row.iter().map(|cell| rows_of(cell)).collect()).collect())
    }

    fn rows_of(cell: &[Word]) -> String {
        rows(cell.to_vec()).iter().map(Row::text).collect::<Vec<_>>().join(" ")
    }

    const ROWS: [(&str, &[&str], &str); 4] = [
        ("VX-1", &["A bracket that carries the", "rail of the sliding door"], "12.50"),
        ("VX-2", &["A seal"], "3.10"),
        ("VX-3", &["The motor of the belt, to be", "stored upright and away", "from heat"], "840.00"),
        ("VX-4", &["A fuse"], "0.80"),
    ];

    /// The table with lines 12 apart, rows `apart`, and numbers at the top or in the middle.
    fn table_of(apart: f64, is_centred: bool) -> Vec<(&'static str, f64, f64)> {
        let mut all = vec![("Part", 50.0, 100.0), ("What it is", 100.0, 100.0), ("Price", 280.0, 100.0)];
        let mut y = 100.0 + apart;
        for (part, about, price) in ROWS {
            let high = 12.0 * (about.len() - 1) as f64;
            let middle = y + if is_centred { high / 2.0 } else { 0.0 };
            all.push((part, 50.0, middle));
            all.extend(about.iter().enumerate().map(|(at, text)| (*text, 100.0, y + 12.0 * at as f64)));
            all.push((price, 305.0 - 5.0 * price.len() as f64, middle));
            y += high + apart;
        }
        all
    }

    #[test]
    fn lines_of_a_cell_are_joined_whether_rows_are_apart_or_begin_with_numbers() {
        for (apart, is_centred) in [(12.0, false), (15.0, false), (18.0, true)] {
            let found = read(&table_of(apart, is_centred)).unwrap_or_else(|| panic!("{apart} {is_centred}"));
            assert_eq!(found.len(), 5, "{found:?}");
            for (row, (part, about, price)) in found[1..].iter().zip(ROWS) {
                assert_eq!(row, &[part.to_owned(), about.join(" "), price.to_owned()]);
            }
        }
        // Which number is that of a line is not known.
        assert_eq!(read(&table_of(12.0, true)), None);
    }

    #[test]
    fn a_line_that_fills_its_cell_up_to_the_next_column_is_two_cells() {
        let mut lines = table_of(15.0, false);
        // But for the header, which is centred.
        for line in lines.iter_mut().filter(|line| line.1 == 100.0 && line.2 > 100.0) {
            line.1 = 74.0;
        }
        let found = read(&lines).expect("a table");
        assert_eq!(found[1][..2], ["VX-1", "A bracket that carries the rail of the sliding door"]);
    }

    #[test]
    fn codes_that_are_divided_at_their_hyphen_do_not_tell_how_rows_end() {
        let mut lines = Vec::new();
        for (line, (part, (_, about, price))) in ["VX-", "RX-", "SX-", "TX-"].iter().zip(ROWS).enumerate() {
            let y = 100.0 + 45.0 * line as f64;
            lines.extend([(*part, 50.0, y), ("100", 50.0, y + 12.0), (price, 305.0 - 5.0 * price.len() as f64, y)]);
            lines.extend(about.iter().enumerate().map(|(at, text)| (*text, 100.0, y + 12.0 * at as f64)));
        }
        assert_eq!(read(&lines).expect("a table")[1][0], "RX- 100");
    }

    #[test]
    fn a_title_over_several_columns_is_a_row() {
        let mut lines = table_of(18.0, false);
        lines.iter_mut().filter(|line| line.2 > 160.0).for_each(|line| line.2 += 18.0);
        lines.push(("Parts of the motor", 50.0, 166.0));
        let found = read(&lines).expect("a table");
        assert_eq!(found.len(), 6, "{found:?}");
        assert_eq!(found[3], ["Parts of the motor", "", ""], "{found:?}");
    }

    #[test]
    fn rows_that_are_apart_need_no_room_at_their_ends() {
        let mut lines = vec![("Part", 50.0, 100.0), ("What it is", 100.0, 100.0), ("Price", 280.0, 100.0)];
        for (at, (part, _, price)) in ROWS.iter().enumerate() {
            let y = 126.0 + 38.0 * at as f64;
            lines.extend([(*part, 50.0, y), ("Bearing of type 3 with a", 100.0, y), (*price, 280.0, y)]);
            lines.push(("long description that wraps", 100.0, y + 12.0));
        }
        let found = read(&lines).expect("a table");
        assert_eq!(found[1], ["VX-1", "Bearing of type 3 with a long description that wraps", "12.50"]);
    }

    #[test]
    fn short_paragraphs_in_columns_are_none() {
        let mut lines = Vec::new();
        for at in 0..6 {
            let y = 100.0 + 36.0 * f64::from(at);
            for left in [50.0, 250.0] {
                lines.extend([("The heron walked on and on", left, y), ("along the bank", left, y + 12.0)]);
            }
        }
        assert_eq!(read(&lines), None);
    }

    #[test]
    fn prose_beside_numbers_and_addresses_are_none() {
        let prose = [
            "The bees of the east meadow",
            "are counted on every Friday",
            "by those who keep them in",
            "the old house; the last of",
            "them flew in late October",
            "and came back in the early",
            "spring of the next year to",
            "look for the white clover",
        ];
        let mut lines: Vec<(&str, f64, f64)> =
            prose.iter().enumerate().map(|(at, text)| (*text, 50.0, 100.0 + 12.0 * at as f64)).collect();
        for (at, (name, price)) in
            [("Wax", "4.20"), ("Oil", "5.20"), ("Tea", "6.20"), ("Jam", "7.20")].iter().enumerate()
        {
            lines.push((name, 250.0, 100.0 + 24.0 * at as f64));
            lines.push((price, 320.0, 100.0 + 24.0 * at as f64));
        }
        assert_eq!(read(&lines), None);
        let mut blocks = Vec::new();
        for (at, name) in ["Ann Baker", "Ben Cook", "Cem Miller", "Dan Smith"].iter().enumerate() {
            let y = 100.0 + 60.0 * at as f64;
            let block = [*name, "12 Meadow Lane", "Oxford OX1 2AB"];
            blocks.extend(block.iter().enumerate().map(|(line, text)| (*text, 50.0, y + 12.0 * line as f64)));
            blocks.extend(block.iter().enumerate().map(|(line, text)| (*text, 350.0, y + 12.0 * line as f64)));
        }
        assert_eq!(read(&blocks), None);
    }
}
