//! Chooses the widths of a table's columns by their content, as CSS 2.1 describes in 17.5.2.2, and reduces the text if
//! words do not fit.

/// The smallest scale of a table's text, unless its columns are narrower than letters.
const MIN_SCALE: f64 = 0.6;
/// The smallest scale of all.
const LEAST_SCALE: f64 = 0.1;
/// Text is measured without kerning, so a line may be a little wider.
pub(super) const SLACK: f64 = 1.02;
/// The padding at each side of a cell of a table that is too wide, in points.
const TIGHT_PADDING: f64 = 2.5;
/// The greatest padding at each side of a cell where letters hardly fit, as a part of its column.
const MAX_PADDING: f64 = 0.15;
/// The least part of the padding that CSS specifies for cells.
const MIN_PADDING: f64 = 0.05;

/// The widths that content can have, in points.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct ContentWidth {
    /// CSS's max-content: all of it is on one line.
    pub max_content: f64,
    /// CSS's min-content: the widest word.
    pub min_content: f64,
    /// CSS's min-content with `overflow-wrap: anywhere`: the widest part of a divided word.
    pub min_divided: f64,
}

impl ContentWidth {
    pub fn max(self, other: Self) -> Self {
        Self {
            max_content: self.max_content.max(other.max_content),
            min_content: self.min_content.max(other.min_content),
            min_divided: self.min_divided.max(other.min_divided),
        }
    }

    pub fn at_most(self, points: f64) -> Self {
        Self {
            max_content: self.max_content.min(points),
            min_content: self.min_content.min(points),
            min_divided: self.min_divided.min(points),
        }
    }

    pub fn plus(self, points: f64) -> Self {
        Self {
            max_content: self.max_content + points,
            min_content: self.min_content + points,
            min_divided: self.min_divided + points,
        }
    }
}

/// What the width of a column depends on, in points.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Column {
    /// Without padding.
    pub content: ContentWidth,
    /// The widest letter.
    pub letter: f64,
    /// Of both sides.
    pub padding: f64,
    /// Whether CSS specifies the padding.
    pub has_own_padding: bool,
    /// The width that CSS or an attribute specifies, with padding.
    pub width: Option<f64>,
    /// The same as a part of the table's width.
    pub share: Option<f64>,
}

impl Column {
    fn max_content(&self) -> f64 {
        self.content.max_content * SLACK + self.padding
    }

    fn preferred(&self) -> f64 {
        self.width.unwrap_or_else(|| self.max_content())
    }

    /// The width of `content` points with padding.
    fn with_padding(&self, content: f64, scale: f64, is_tight: bool) -> f64 {
        content * SLACK * scale + self.reduced_padding(is_tight)
    }

    fn reduced_padding(&self, is_tight: bool) -> f64 {
        let is_reduced = is_tight && !self.has_own_padding;
        if is_reduced { self.padding.min(2.0 * TIGHT_PADDING) } else { self.padding }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    /// With padding, in points.
    pub widths: Vec<f64>,
    /// Whether each column is as wide as its text.
    pub is_auto: bool,
    /// Of the text's size.
    pub scale: f64,
    /// At each side of cells whose padding CSS does not specify, in points; `None` is the template's.
    pub padding: Option<f64>,
    /// Of the padding that CSS specifies for cells: less than 1 if it leaves no room for their text.
    pub own_padding: f64,
}

/// `fills`: whether the table is as wide as `available`, which is in points.
pub(super) fn plan(columns: &[Column], available: f64, fills: bool) -> Plan {
    let columns = &shared(columns, available, fills);
    let is_specified = columns.iter().any(|column| column.width.is_some());
    let widest: Vec<f64> = columns.iter().map(Column::max_content).collect();
    if !fills && !is_specified && widest.iter().sum::<f64>() <= available {
        return Plan { widths: widest, is_auto: true, scale: 1.0, padding: None, own_padding: 1.0 };
    }
    let words = |is_tight: bool| -> Vec<f64> {
        columns.iter().map(|column| column.with_padding(column.content.min_content, 1.0, is_tight)).collect()
    };
    let parts = |is_tight: bool| -> Vec<f64> {
        columns.iter().map(|column| column.with_padding(column.content.min_divided, 1.0, is_tight)).collect()
    };
    for is_tight in [false, true] {
        for least in [words(is_tight), parts(is_tight)] {
            if least.iter().sum::<f64>() <= available {
                return distributed(columns, &least, available, fills, 1.0, is_tight);
            }
        }
    }
    let padding = |is_own: bool| -> f64 {
        let some = columns.iter().filter(|column| column.has_own_padding == is_own);
        some.map(|column| column.reduced_padding(true)).sum()
    };
    let (own, others) = (padding(true), padding(false));
    let text: f64 = columns.iter().map(|column| column.content.min_divided * SLACK).sum();
    let own_padding = ((available - others - text * MIN_SCALE) / own.max(1.0)).clamp(MIN_PADDING, 1.0);
    let scale = ((available - others - own * own_padding) / text.max(1.0)).clamp(MIN_SCALE, 1.0);
    let with_less = |column: &Column| match column.has_own_padding {
        true => Column { padding: column.padding * own_padding, ..*column },
        false => *column,
    };
    let columns: Vec<Column> = columns.iter().map(with_less).collect();
    let least: Vec<f64> =
        columns.iter().map(|column| column.with_padding(column.content.min_divided, scale, true)).collect();
    let plan = Plan { own_padding, ..distributed(&columns, &least, available, fills, scale, true) };
    // Words are divided anywhere, but letters are not. Padding leaves most of a column to them.
    let narrowest = plan.widths.iter().copied().fold(f64::INFINITY, f64::min);
    let padding = TIGHT_PADDING.min(narrowest * MAX_PADDING);
    let room = |(column, width): (&Column, &f64)| {
        let padding = if column.has_own_padding { column.padding } else { 2.0 * padding };
        (width - padding) / column.letter.max(0.1)
    };
    let most = columns.iter().zip(&plan.widths).map(room).fold(f64::INFINITY, f64::min);
    Plan { scale: plan.scale.min(most.max(LEAST_SCALE)), padding: Some(padding), ..plan }
}

/// The content width of a whole table.
pub(super) fn sum(columns: &[Column]) -> ContentWidth {
    columns.iter().fold(ContentWidth::default(), |sum, column| ContentWidth {
        max_content: sum.max_content + column.content.max_content + column.padding,
        min_content: sum.min_content + column.content.min_content + column.padding,
        min_divided: sum.min_divided + column.content.min_divided + column.padding,
    })
}

/// Shares of the table's width as widths. A table that does not fill the available width is as wide as the shares need.
fn shared(columns: &[Column], available: f64, fills: bool) -> Vec<Column> {
    let sum: f64 = columns.iter().filter_map(|column| column.share).sum();
    let others: f64 = columns.iter().filter(|column| column.share.is_none()).map(Column::preferred).sum();
    let needed = columns.iter().filter_map(|column| Some(column.preferred() / column.share?.max(0.01)));
    let needed = needed.fold(0.0, f64::max);
    let whole = match fills || sum >= 1.0 && others > 0.0 {
        true => available,
        false => needed.max(others / (1.0 - sum).max(0.01)).min(available),
    };
    let with_width =
        |column: &Column| Column { width: column.share.map(|share| share * whole).or(column.width), ..*column };
    columns.iter().map(with_width).collect()
}

/// Distributes the available width: each column gets at least its `least`, and at most its preferred width unless the
/// table fills the available width.
fn distributed(columns: &[Column], least: &[f64], available: f64, fills: bool, scale: f64, is_tight: bool) -> Plan {
    let preferred: Vec<f64> = columns
        .iter()
        .zip(least)
        .map(|(column, least)| {
            let widest = column.content.max_content * SLACK * scale + column.padding;
            column.width.unwrap_or(widest).clamp(0.0, available).max(*least)
        })
        .collect();
    let (sum, bottom) = (preferred.iter().sum::<f64>(), least.iter().sum::<f64>());
    let widths: Vec<f64> = if sum <= available {
        let free: Vec<bool> = columns.iter().map(|column| column.width.is_none()).collect();
        let any = free.iter().any(|free| *free);
        let share = |i: usize| if free[i] || !any { preferred[i] } else { 0.0 };
        let shares: f64 = (0..preferred.len()).map(share).sum();
        let more = if fills { available - sum } else { 0.0 };
        (0..preferred.len()).map(|i| preferred[i] + more * share(i) / shares.max(1e-6)).collect()
    } else if bottom <= available {
        let part = (available - bottom) / (sum - bottom).max(1e-6);
        preferred.iter().zip(least).map(|(preferred, least)| least + (preferred - least) * part).collect()
    } else {
        least.iter().map(|least| least * available / bottom.max(1e-6)).collect()
    };
    Plan { widths, is_auto: false, scale, padding: is_tight.then_some(TIGHT_PADDING), own_padding: 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(max_content: f64, min_content: f64, min_divided: f64) -> Column {
        Column { content: ContentWidth { max_content, min_content, min_divided }, padding: 10.0, ..Column::default() }
    }

    fn sum(plan: &Plan) -> f64 {
        plan.widths.iter().sum()
    }

    #[test]
    fn columns_that_fit_are_as_wide_as_their_text() {
        let plan = plan(&[column(50.0, 20.0, 20.0), column(100.0, 30.0, 30.0)], 300.0, false);
        assert!(plan.is_auto && plan.scale == 1.0 && plan.padding.is_none());
    }

    #[test]
    fn long_texts_wrap_and_short_ones_do_not_get_narrower_than_their_words() {
        let plan = plan(&[column(40.0, 40.0, 40.0), column(2000.0, 50.0, 50.0)], 300.0, false);
        assert!(plan.widths[0] >= 50.0 && (sum(&plan) - 300.0).abs() < 0.1, "{plan:?}");
        assert!(plan.widths[1] > 200.0 && plan.scale == 1.0);
    }

    #[test]
    fn long_words_are_divided_before_the_text_gets_smaller() {
        let plan = plan(&[column(900.0, 900.0, 90.0), column(60.0, 60.0, 60.0)], 300.0, false);
        assert!((sum(&plan) - 300.0).abs() < 0.1 && plan.scale == 1.0, "{plan:?}");
        assert!(plan.widths[1] >= 70.0, "{plan:?}");
    }

    #[test]
    fn text_gets_smaller_down_to_the_minimum_and_the_table_never_wider_than_the_page() {
        let eleven = vec![column(80.0, 60.0, 60.0); 11];
        let smaller = plan(&eleven, 500.0, false);
        assert!(smaller.scale < 1.0 && smaller.scale > MIN_SCALE && sum(&smaller) <= 500.1, "{smaller:?}");
        assert_eq!(smaller.padding, Some(TIGHT_PADDING));
        let floor = plan(&vec![column(80.0, 60.0, 60.0); 100], 500.0, false);
        assert!(floor.scale == MIN_SCALE && sum(&floor) <= 500.1, "{floor:?}");
        let letters = plan(&vec![Column { letter: 13.0, ..column(80.0, 60.0, 60.0) }; 60], 500.0, false);
        assert!((letters.scale - 0.7 * 500.0 / 60.0 / 13.0).abs() < 0.01, "{letters:?}");
    }

    #[test]
    fn padding_that_leaves_no_room_is_reduced() {
        let mut columns = [column(60.0, 40.0, 40.0); 4];
        columns.iter_mut().for_each(|column| (column.padding, column.has_own_padding) = (90.0, true));
        let plan = plan(&columns, 300.0, false);
        let room = plan.widths[0] - 90.0 * plan.own_padding;
        assert!((sum(&plan) - 300.0).abs() < 0.1 && room >= 40.0 * plan.scale, "{plan:?}");
    }

    #[test]
    fn shares_count_of_the_tables_own_width() {
        let mut columns = [column(40.0, 40.0, 40.0), column(40.0, 40.0, 40.0)];
        (columns[0].share, columns[1].share) = (Some(0.5), Some(0.5));
        let free = plan(&columns, 300.0, false);
        assert!((sum(&free) - 2.0 * (40.0 * SLACK + 10.0)).abs() < 0.1, "{free:?}");
        columns[0].share = Some(0.25);
        columns[1].share = None;
        let filled = plan(&columns, 300.0, true);
        assert!((filled.widths[0] - 75.0).abs() < 0.1 && (sum(&filled) - 300.0).abs() < 0.1, "{filled:?}");
    }

    #[test]
    fn specified_widths_count_and_the_others_take_the_rest() {
        let mut columns = [column(40.0, 40.0, 40.0), column(40.0, 40.0, 40.0)];
        columns[0].width = Some(90.0);
        let plan = plan(&columns, 300.0, true);
        assert!((plan.widths[0] - 90.0).abs() < 0.1 && (plan.widths[1] - 210.0).abs() < 0.1, "{plan:?}");
    }
}
