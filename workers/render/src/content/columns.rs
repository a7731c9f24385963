//! The widths of a table's columns: by content, as CSS 2.1 says in 17.5.2.2, and smaller if words do not fit.

/// Tables are not set smaller than this part of the text's size.
pub(super) const FLOOR: f64 = 0.6;
/// Measured without kerning, a line may be a little wider.
pub(super) const SLACK: f64 = 1.02;
/// The least padding at each side of a cell of a table that is too wide, in points.
const TIGHT: f64 = 2.5;

/// In points.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Extent {
    /// All of it on one line.
    pub line: f64,
    /// The widest word.
    pub word: f64,
    /// The widest part of a word, if words are divided.
    pub part: f64,
}

impl Extent {
    pub fn max(self, other: Self) -> Self {
        Self { line: self.line.max(other.line), word: self.word.max(other.word), part: self.part.max(other.part) }
    }

    pub fn plus(self, points: f64) -> Self {
        Self { line: self.line + points, word: self.word + points, part: self.part + points }
    }
}

/// What a column asks for, in points.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Want {
    /// Without padding.
    pub text: Extent,
    /// Both sides.
    pub padding: f64,
    /// Whether CSS sets the padding.
    pub is_said: bool,
    /// The width that CSS or an attribute sets, with padding.
    pub width: Option<f64>,
    /// The same as a part of the table's width.
    pub share: Option<f64>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    /// With padding, in points.
    pub widths: Vec<f64>,
    /// Whether each column is as wide as its text.
    pub is_free: bool,
    /// Of the text's size.
    pub scale: f64,
    /// At each side of cells whose padding CSS does not set, in points; `None` is the template's.
    pub padding: Option<f64>,
}

/// `fills`: whether the table is as wide as `room`.
pub(super) fn plan(wants: &[Want], room: f64, fills: bool) -> Plan {
    let wants = &shared(wants, room, fills);
    let said = wants.iter().any(|want| want.width.is_some());
    let lines: Vec<f64> = wants.iter().map(|want| want.text.line * SLACK + want.padding).collect();
    if !fills && !said && lines.iter().sum::<f64>() <= room {
        return Plan { widths: lines, is_free: true, scale: 1.0, padding: None };
    }
    let least = |want: &Want, text: f64, scale: f64, tight: bool| {
        let padding = if tight && !want.is_said { want.padding.min(2.0 * TIGHT) } else { want.padding };
        text * SLACK * scale + padding
    };
    let words = |scale: f64, tight: bool| wants.iter().map(move |want| least(want, want.text.word, scale, tight));
    let parts = |scale: f64, tight: bool| wants.iter().map(move |want| least(want, want.text.part, scale, tight));
    let fixed = |tight: bool| wants.iter().map(|want| least(want, 0.0, 1.0, tight)).sum::<f64>();
    for tight in [false, true] {
        if words(1.0, tight).sum::<f64>() <= room {
            return done(wants, &words(1.0, tight).collect::<Vec<_>>(), room, fills, 1.0, tight);
        }
        if parts(1.0, tight).sum::<f64>() <= room {
            return done(wants, &parts(1.0, tight).collect::<Vec<_>>(), room, fills, 1.0, tight);
        }
    }
    let text: f64 = wants.iter().map(|want| want.text.part * SLACK).sum();
    let scale = ((room - fixed(true)) / text.max(1.0)).clamp(FLOOR, 1.0);
    done(wants, &parts(scale, true).collect::<Vec<_>>(), room, fills, scale, true)
}

/// The extent of a whole table.
pub(super) fn sum(wants: &[Want]) -> Extent {
    wants.iter().fold(Extent::default(), |sum, want| Extent {
        line: sum.line + want.text.line + want.padding,
        word: sum.word + want.text.word + want.padding,
        part: sum.part + want.text.part + want.padding,
    })
}

/// Shares of the table's width as widths. A table that does not fill its room is as wide as the shares need.
fn shared(wants: &[Want], room: f64, fills: bool) -> Vec<Want> {
    let asked = |want: &Want| want.width.unwrap_or(want.text.line * SLACK + want.padding);
    let sum: f64 = wants.iter().filter_map(|want| want.share).sum();
    let others: f64 = wants.iter().filter(|want| want.share.is_none()).map(asked).sum();
    let needed = wants.iter().filter_map(|want| Some(asked(want) / want.share?.max(0.01))).fold(0.0, f64::max);
    let whole = match fills || sum >= 1.0 && others > 0.0 {
        true => room,
        false => needed.max(others / (1.0 - sum).max(0.01)).min(room),
    };
    let with_width = |want: &Want| Want { width: want.share.map(|share| share * whole).or(want.width), ..*want };
    wants.iter().map(with_width).collect()
}

fn done(wants: &[Want], least: &[f64], room: f64, fills: bool, scale: f64, tight: bool) -> Plan {
    let asked: Vec<f64> = wants
        .iter()
        .zip(least)
        .map(|(want, least)| {
            let line = want.text.line * SLACK * scale + want.padding;
            want.width.unwrap_or(line).clamp(0.0, room).max(*least)
        })
        .collect();
    let (sum, bottom) = (asked.iter().sum::<f64>(), least.iter().sum::<f64>());
    let widths: Vec<f64> = if sum <= room {
        let free: Vec<bool> = wants.iter().map(|want| want.width.is_none()).collect();
        let any = free.iter().any(|free| *free);
        let share = |i: usize| if free[i] || !any { asked[i] } else { 0.0 };
        let shares: f64 = (0..asked.len()).map(share).sum();
        let more = if fills { room - sum } else { 0.0 };
        (0..asked.len()).map(|i| asked[i] + more * share(i) / shares.max(1e-6)).collect()
    } else if bottom <= room {
        let part = (room - bottom) / (sum - bottom).max(1e-6);
        asked.iter().zip(least).map(|(asked, least)| least + (asked - least) * part).collect()
    } else {
        least.iter().map(|least| least * room / bottom.max(1e-6)).collect()
    };
    Plan { widths, is_free: false, scale, padding: tight.then_some(TIGHT) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn want(line: f64, word: f64, part: f64) -> Want {
        Want { text: Extent { line, word, part }, padding: 10.0, ..Want::default() }
    }

    fn sum(plan: &Plan) -> f64 {
        plan.widths.iter().sum()
    }

    #[test]
    fn columns_that_fit_are_as_wide_as_their_text() {
        let plan = plan(&[want(50.0, 20.0, 20.0), want(100.0, 30.0, 30.0)], 300.0, false);
        assert!(plan.is_free && plan.scale == 1.0 && plan.padding.is_none());
    }

    #[test]
    fn long_texts_wrap_and_short_ones_do_not_get_narrower_than_their_words() {
        let plan = plan(&[want(40.0, 40.0, 40.0), want(2000.0, 50.0, 50.0)], 300.0, false);
        assert!(plan.widths[0] >= 50.0 && (sum(&plan) - 300.0).abs() < 0.1, "{plan:?}");
        assert!(plan.widths[1] > 200.0 && plan.scale == 1.0);
    }

    #[test]
    fn long_words_are_divided_before_the_text_gets_smaller() {
        let plan = plan(&[want(900.0, 900.0, 90.0), want(60.0, 60.0, 60.0)], 300.0, false);
        assert!((sum(&plan) - 300.0).abs() < 0.1 && plan.scale == 1.0, "{plan:?}");
        assert!(plan.widths[1] >= 70.0, "{plan:?}");
    }

    #[test]
    fn text_gets_smaller_down_to_the_floor_and_the_table_never_wider_than_its_room() {
        let eleven = vec![want(80.0, 60.0, 60.0); 11];
        let smaller = plan(&eleven, 500.0, false);
        assert!(smaller.scale < 1.0 && smaller.scale > FLOOR && sum(&smaller) <= 500.1, "{smaller:?}");
        assert_eq!(smaller.padding, Some(TIGHT));
        let floor = plan(&vec![want(80.0, 60.0, 60.0); 100], 500.0, false);
        assert!(floor.scale == FLOOR && sum(&floor) <= 500.1, "{floor:?}");
    }

    #[test]
    fn shares_count_of_the_tables_own_width() {
        let mut wants = [want(40.0, 40.0, 40.0), want(40.0, 40.0, 40.0)];
        (wants[0].share, wants[1].share) = (Some(0.5), Some(0.5));
        let free = plan(&wants, 300.0, false);
        assert!((sum(&free) - 2.0 * (40.0 * SLACK + 10.0)).abs() < 0.1, "{free:?}");
        wants[0].share = Some(0.25);
        wants[1].share = None;
        let filled = plan(&wants, 300.0, true);
        assert!((filled.widths[0] - 75.0).abs() < 0.1 && (sum(&filled) - 300.0).abs() < 0.1, "{filled:?}");
    }

    #[test]
    fn widths_that_are_said_count_and_the_others_take_the_rest() {
        let mut wants = [want(40.0, 40.0, 40.0), want(40.0, 40.0, 40.0)];
        wants[0].width = Some(90.0);
        let plan = plan(&wants, 300.0, true);
        assert!((plan.widths[0] - 90.0).abs() < 0.1 && (plan.widths[1] - 210.0).abs() < 0.1, "{plan:?}");
    }
}
