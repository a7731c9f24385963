//! The frame of `ruche top`: a line on top, the queues, the workers, a line below. From 80x24 on.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::{Block, Paragraph, Row, Table, Wrap},
};
use serde_json::Value;

use super::snapshot::{History, Part, Snapshot};
use crate::{
    output::{clean, field, number},
    queues, workers,
};

/// The smallest window that fits all.
const SMALLEST: (u16, u16) = (80, 24);

/// The width of a kind's name with enough room, and in the smallest window.
const KIND: (u16, u16) = (24, 10);
/// The width of a queue's other columns and the gaps between them, without the bars.
const COLUMNS: u16 = 11 + 8 + 4 * 7 + 7;

pub(super) fn draw(
    frame: &mut Frame<'_>,
    address: &str,
    snapshot: Option<&Snapshot>,
    history: &History,
    trouble: Option<&str>,
) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        let text = format!(
            "This window has {}x{} characters: `ruche top` needs {}x{}. q leaves.",
            area.width, area.height, SMALLEST.0, SMALLEST.1
        );
        frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
        return;
    }
    let rows = |part: &Part| part.as_ref().map_or(1, Vec::len);
    let wanted = snapshot.map_or(3, |snapshot| rows(&snapshot.workers)).min(200) as u16 + 3;
    // The queues get what the workers don't need, and never less than half.
    let below = wanted.clamp(4, area.height / 2 - 1);
    let layout =
        Layout::vertical([Constraint::Length(1), Constraint::Min(6), Constraint::Length(below), Constraint::Length(1)]);
    let [top, upper, lower, bottom] = layout.areas(area);
    frame.render_widget(head(address, snapshot, trouble), top);
    match snapshot {
        None => frame.render_widget(Block::bordered().title(" Queues "), upper),
        Some(snapshot) => {
            draw_queues(frame, upper, &snapshot.queues, history);
            draw_workers(frame, lower, &snapshot.workers);
        }
    }
    frame.render_widget(Line::from(" q leaves").style(Style::new().add_modifier(Modifier::DIM)), bottom);
}

fn head<'a>(address: &'a str, snapshot: Option<&Snapshot>, trouble: Option<&str>) -> Line<'a> {
    let mut spans = vec![Span::from(" Ruche ").style(Modifier::BOLD), Span::from(address)];
    if let Some(trouble) = trouble {
        spans.push(Span::from(format!("  {}", clean(trouble))).style(Color::Red));
        return Line::from(spans);
    }
    let Some(snapshot) = snapshot else {
        spans.push(Span::from("  looking ..."));
        return Line::from(spans);
    };
    let sum = |part: &Part, name: &str| part.iter().flatten().map(|item| number(item, name)).sum::<u64>();
    let (busy, slots) = (sum(&snapshot.workers, "in_flight"), sum(&snapshot.workers, "slots"));
    let waiting = sum(&snapshot.queues, "waiting");
    spans.push(Span::from(format!("   waiting {waiting}   busy {busy}/{slots}   ")));
    let dead = Span::from(format!("dead {}", snapshot.dead));
    spans.push(if snapshot.dead == "0" { dead } else { dead.style(Color::Red) });
    Line::from(spans)
}

fn draw_queues(frame: &mut Frame<'_>, area: Rect, queues: &Part, history: &History) {
    let heads = ["kind", "lane", "waiting", "running", "oldest", "busy", "per s", "rate"];
    // The frame takes two columns.
    let free = area.width.saturating_sub(COLUMNS + 2);
    let kind = (free / 2).clamp(KIND.1, KIND.0);
    let bars = free.saturating_sub(kind);
    let widths = [
        Constraint::Length(kind),
        Constraint::Length(11),
        Constraint::Length(8),
        Constraint::Length(7),
        Constraint::Length(7),
        Constraint::Length(7),
        Constraint::Length(7),
        Constraint::Length(bars),
    ];
    list(frame, area, "Queues", queues, &heads, &widths, |queue| {
        let busy = format!("{}/{}", number(queue, "busy"), number(queue, "slots"));
        let is_paused = queue["paused"] == true;
        let rate = if is_paused { "paused".to_owned() } else { history.line(queue, usize::from(bars)) };
        let cells = [
            field(queue, "kind"),
            field(queue, "lane"),
            field(queue, "waiting"),
            field(queue, "in_flight"),
            queues::oldest(queue),
            busy,
            field(queue, "per_second"),
            rate,
        ];
        let row = Row::new(cells.map(|cell| clean(&cell)));
        if is_paused { row.style(Color::Yellow) } else { row }
    });
}

fn draw_workers(frame: &mut Frame<'_>, area: Rect, workers: &Part) {
    let heads = ["worker", "kind", "state", "busy", "", "models"];
    let widths = [
        Constraint::Min(20),
        Constraint::Length(10),
        Constraint::Length(8),
        Constraint::Length(7),
        Constraint::Length(10),
        Constraint::Fill(1),
    ];
    list(frame, area, "Workers", workers, &heads, &widths, |worker| {
        let (busy, slots) = (number(worker, "in_flight"), number(worker, "slots"));
        let models: Vec<_> = worker["models"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let cells = [
            workers::name(worker),
            field(worker, "kind"),
            field(worker, "state"),
            format!("{busy}/{slots}"),
            gauge(busy, slots),
            models.join(", "),
        ];
        let row = Row::new(cells.map(|cell| clean(&cell)));
        if worker["state"] == "draining" { row.style(Color::Yellow) } else { row }
    });
}

/// Ten characters, as many filled as slots are busy.
fn gauge(busy: u64, slots: u64) -> String {
    let filled = (busy.min(slots) * 10).div_ceil(slots.max(1)) as usize;
    format!("{}{}", "█".repeat(filled), "░".repeat(10 - filled))
}

fn list<const N: usize>(
    frame: &mut Frame<'_>,
    area: Rect,
    title: &str,
    part: &Part,
    heads: &[&'static str; N],
    widths: &[Constraint; N],
    row: impl Fn(&Value) -> Row<'static>,
) {
    let items = match part {
        Err(why) => {
            let block = Block::bordered().title(format!(" {title} "));
            frame.render_widget(Paragraph::new(clean(why)).wrap(Wrap { trim: true }).block(block), area);
            return;
        }
        Ok(items) => items,
    };
    // The frame and the heads take three lines.
    let fits = usize::from(area.height.saturating_sub(3));
    let mut block = Block::bordered().title(format!(" {title} {} ", items.len()));
    if items.len() > fits {
        block = block.title_bottom(format!(" {} more: make the window higher ", items.len() - fits));
    }
    let header = Row::new(*heads).style(Modifier::DIM);
    let table = Table::new(items.iter().take(fits).map(row), *widths).header(header).block(block);
    frame.render_widget(table, area);
}

#[cfg(test)]
mod tests {
    use ratatui::{Terminal, backend::TestBackend};
    use serde_json::json;

    use super::*;

    fn frame(width: u16, height: u16, snapshot: Option<&Snapshot>, trouble: Option<&str>) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let history = History::default();
        terminal.draw(|frame| draw(frame, "http://here", snapshot, &history, trouble)).unwrap();
        terminal.backend().to_string()
    }

    fn snapshot(count: usize) -> Snapshot {
        let item =
            json!({"kind": "chat", "lane": "bulk", "worker": "w\u{1b}[2J", "slots": 4, "in_flight": 3, "waiting": 7});
        Snapshot { queues: Ok(vec![item.clone(); count]), workers: Ok(vec![item; count]), dead: "5".to_owned() }
    }

    #[test]
    fn every_size_of_window_is_drawn_or_said_to_be_too_small() {
        for (width, height) in [(1, 1), (10, 5), (79, 24), (80, 23), (80, 24), (81, 25), (200, 60)] {
            for count in [0, 1, 100] {
                let text = frame(width, height, Some(&snapshot(count)), None);
                assert_eq!(text.contains("Queues"), width >= 80 && height >= 24, "{width}x{height}: {text}");
            }
        }
        assert!(frame(79, 24, None, None).contains("needs 80x24"));
    }

    #[test]
    fn what_does_not_fit_is_counted_and_no_name_steers_the_terminal() {
        let text = frame(80, 24, Some(&snapshot(100)), None);
        assert!(text.contains("more: make the window higher") && !text.contains('\u{1b}'), "{text}");
        assert!(text.contains("waiting 700") && text.contains("busy 300/400") && text.contains("dead 5"), "{text}");
        assert!(text.contains("████████░░"), "{text}");
    }

    #[test]
    fn no_lane_is_cut_off_in_the_smallest_window_and_the_bars_take_what_a_wide_one_has() {
        let item = json!({"kind": "moderation", "lane": "interactive", "waiting": 1_000_000, "per_second": 1.5});
        let wide = Snapshot { queues: Ok(vec![item]), workers: Ok(Vec::new()), dead: "0".to_owned() };
        for width in [80, 160] {
            let mut terminal = Terminal::new(TestBackend::new(width, 24)).unwrap();
            let mut history = History::default();
            (0..100).for_each(|_| history.add(&wide));
            terminal.draw(|frame| draw(frame, "http://here", Some(&wide), &history, None)).unwrap();
            let text = terminal.backend().to_string();
            let line = text.lines().find(|line| line.contains("moderation")).unwrap();
            assert!(line.contains("interactive ") && line.contains("1000000 "), "{line}");
            let bars = line.chars().filter(|c| *c == '█').count();
            assert!(bars >= if width == 80 { 12 } else { 50 }, "{bars} bars: {line}");
        }
    }

    #[test]
    fn trouble_is_shown_on_top_of_what_was_seen_last() {
        let text = frame(80, 24, Some(&snapshot(1)), Some("it can't be reached"));
        assert!(text.contains("it can't be reached") && text.contains("chat"), "{text}");
        assert!(frame(80, 24, None, None).contains("looking"));
        let mut hidden = snapshot(1);
        hidden.workers = Err("this needs an admin key".to_owned());
        assert!(frame(80, 24, Some(&hidden), None).contains("this needs an admin key"));
    }
}
